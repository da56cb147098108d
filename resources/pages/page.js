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

  // Photos: looked at before they go, made smaller where that is easy, tried again until the line carries them.
  const LARGE = 2500000, WIDEST = 2400;
  const queue = [];
  let sending = false;

  const fits = (file, accept) => {
    const kinds = accept.split(",");
    if (!file.type) return /\.(jpe?g|png|webp|heic|pdf)$/i.test(file.name);
    return kinds.some((kind) => kind === file.type || (kind.endsWith("/*") && file.type.startsWith(kind.slice(0, -1))));
  };

  const megabytes = (size) => (size / 1000000).toFixed(1) + " MB";

  const told = (box, words) => {
    let line = box.querySelector(".file-problem");
    if (!line) {
      line = document.createElement("p");
      line.className = "problem file-problem";
      line.setAttribute("role", "alert");
      box.append(line);
    }
    line.textContent = words;
  };

  const progress = (words) => {
    let line = document.getElementById("uploading");
    if (!words) { if (line) line.remove(); return; }
    if (!line) {
      line = document.createElement("p");
      line.id = "uploading";
      line.className = "uploading";
      line.setAttribute("role", "status");
      document.querySelector("main").prepend(line);
    }
    line.textContent = words;
  };

  const smaller = async (file) => {
    if (file.size < LARGE || !/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
    try {
      const picture = await createImageBitmap(file);
      const scale = Math.min(1, WIDEST / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const made = await new Promise((go) => canvas.toBlob(go, "image/jpeg", 0.88));
      return made && made.size < file.size ? made : file;
    } catch (error) { return file; }
  };

  const post = (place, name, body) => new Promise((go) => {
    const request = new XMLHttpRequest();
    request.open("POST", location.pathname.replace(/\/$/, "") + "/file?at=" + encodeURIComponent(place));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-file-name", encodeURIComponent(name.slice(-100)));
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(`正在上传“${name}” ${Math.floor(100 * event.loaded / event.total)}%，请不要关闭本页。`);
    };
    request.onload = () => {
      try { go({ problem: JSON.parse(request.responseText).problem }); }
      catch (error) { go(request.status >= 500 ? { lost: true } : { problem: "文件没有被接受，请重新拍照或到前台添加。" }); }
    };
    request.onerror = request.ontimeout = () => go({ lost: true });
    request.send(body);
  });

  const send = async () => {
    if (sending || !queue.length) return;
    sending = true;
    const { place, file } = queue[0];
    progress(`正在上传“${file.name}”，请不要关闭本页。`);
    const got = await post(place, file.name, await smaller(file));
    sending = false;
    if (got.lost) {
      progress(`网络不通，“${file.name}”还没有上传完。恢复后会自动重传，请不要关闭本页。`);
      setTimeout(send, 3000);
      return;
    }
    queue.shift();
    progress("");
    if (got.problem) {
      const box = [...document.querySelectorAll(".files")].find((one) => one.dataset.place === place);
      if (box) told(box, got.problem);
    } else { await keep(); }
    send();
  };

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file") return;
    event.stopImmediatePropagation();
    const box = input.closest(".files"), limit = Number(box.dataset.limit);
    for (const file of input.files) {
      if (!fits(file, box.dataset.accept)) {
        told(box, `“${file.name}”不是可以上传的类型，只接受${box.querySelector(".note").textContent}`);
      } else if (file.size > limit) {
        told(box, `“${file.name}”有 ${megabytes(file.size)}，超过上限 ${megabytes(limit)}，请重新拍照或压缩后再上传；已填的内容不受影响。`);
      } else { queue.push({ place: box.dataset.place, file }); }
    }
    input.value = "";
    send();
  }, true);

  window.addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });

  // A signature: strokes of a finger or pen; kept a while after the last one, and with every button.
  let strokes = [], pen = null, signed = null;

  const at = (canvas, event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height]
      .map((one) => Math.round(one));
  };

  const draw = (canvas) => {
    const ink = canvas.getContext("2d");
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, canvas.width, canvas.height);
    ink.lineWidth = 4; ink.lineCap = ink.lineJoin = "round"; ink.strokeStyle = "#000";
    for (const stroke of strokes) {
      ink.beginPath();
      ink.moveTo(stroke[0], stroke[1]);
      for (let i = 2; i < stroke.length; i += 2) ink.lineTo(stroke[i], stroke[i + 1]);
      ink.stroke();
    }
  };

  const field = (canvas) => canvas.closest(".sign").querySelector("input[type=hidden]");

  document.addEventListener("pointerdown", (event) => {
    const canvas = event.target.closest && event.target.closest(".sign canvas");
    if (!canvas) return;
    event.preventDefault();
    if (signed !== canvas) { strokes = []; signed = canvas; }
    clearTimeout(timer);
    touched += 1;
    pen = event.pointerId;
    try { canvas.setPointerCapture(pen); } catch (error) { /* the pointer is gone already */ }
    strokes.push(at(canvas, event));
  });

  document.addEventListener("pointermove", (event) => {
    if (pen !== event.pointerId || !signed) return;
    strokes[strokes.length - 1].push(...at(signed, event));
    draw(signed);
  });

  const lift = (event) => {
    if (pen !== event.pointerId || !signed) return;
    pen = null;
    draw(signed);
    const points = strokes.reduce((sum, one) => sum + one.length / 2, 0);
    field(signed).value = points < 8 ? "" : JSON.stringify({ png: signed.toDataURL("image/png"), strokes });
    clearTimeout(timer);
    if (points >= 8) timer = setTimeout(keep, 3000);
  };
  document.addEventListener("pointerup", lift);
  document.addEventListener("pointercancel", lift);

  document.addEventListener("click", (event) => {
    if (!event.target.classList.contains("clear")) return;
    const canvas = event.target.closest(".sign").querySelector("canvas");
    clearTimeout(timer);
    strokes = []; signed = canvas;
    field(canvas).value = "";
    draw(canvas);
  });

  // A document counts as read when its end has been in sight; the server lets nobody go on out of turn anyway.
  const end = document.querySelector("[data-read-end]");
  const after = [...document.querySelectorAll("[data-after-read]")];
  if (end && after.length && "IntersectionObserver" in window) {
    for (const one of after) one.disabled = true;
    const watching = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      for (const one of after) one.disabled = false;
      watching.disconnect();
    });
    watching.observe(end);
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest("#form")) touched += 1;
  });

  document.addEventListener("change", (event) => {
    if (!event.target.closest("#form")) return;
    clearTimeout(timer);
    timer = setTimeout(keep, 150);
  });
})();
// A conversation that is open: what is answered appears by itself.
(() => {
  const talk = document.getElementById("talk");
  if (!talk) return;
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const text = await (await fetch(location.href, { credentials: "same-origin" })).text();
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("talk");
      if (fresh && fresh.innerHTML !== talk.innerHTML) talk.innerHTML = fresh.innerHTML;
    } catch (error) { /* the line is lost: the next turn looks again */ }
  }, 10000);
})();
