// Keeps each answer as it is given and shows the questions that follow from it. Without it the pages work as well.
"use strict";
(() => {
  let timer = 0, again = false, busy = false, touched = 0;

  const note = (words) => {
    let line = document.getElementById("line-lost");
    if (!words) { if (line) line.remove(); return; }
    if (!line) {
      line = document.createElement("p");
      line.id = "line-lost";
      line.className = "line-lost";
      line.setAttribute("role", "status");
      document.getElementById("form").before(line);
    }
    line.textContent = words;
  };

  const keep = async () => {
    if (busy) { again = true; return; }
    const form = document.getElementById("form");
    if (!form) return;
    busy = true;
    const sent = touched;
    const body = new URLSearchParams(new FormData(form));
    body.set("~go", "stay");
    try {
      const answer = await fetch(location.pathname, { method: "POST", body, credentials: "same-origin" });
      const text = await answer.text();
      const page = new DOMParser().parseFromString(text, "text/html").getElementById("page");
      // What was tapped or typed meanwhile is not in this page: it stays on screen and goes out next.
      if (page && touched === sent) swap(page);
      if (!page) location.reload();
      note("");
    } catch (error) {
      note("网络不通，刚才的回答还没有保存。恢复后会自动保存，请不要关闭本页。");
      again = true;
      setTimeout(() => { if (again) { again = false; keep(); } }, 3000);
      busy = false;
      return;
    }
    busy = false;
    if (again) { again = false; keep(); }
  };

  const swap = (page) => {
    const focus = document.activeElement;
    const name = focus && focus.name, value = focus && focus.value, at = focus && focus.selectionStart;
    const scroll = window.scrollY;
    document.getElementById("page").replaceWith(page);
    if (name) {
      const same = [...page.querySelectorAll("[name]")].filter((one) => one.name === name);
      const back = same.find((one) => one.value === value) || same[0];
      if (back) {
        back.focus({ preventScroll: true });
        try { if (at !== null && at !== undefined) back.setSelectionRange(at, at); } catch (error) { /* not a text */ }
      }
    }
    window.scrollTo(0, scroll);
  };

  document.addEventListener("input", (event) => {
    if (event.target.closest("#form")) touched += 1;
  });

  document.addEventListener("change", (event) => {
    if (!event.target.closest("#form")) return;
    clearTimeout(timer);
    timer = setTimeout(keep, 150);
  });
})();
