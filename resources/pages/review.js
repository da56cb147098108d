// Keys on top of pages that work without: arrows in the queue, F9 forward, F2 return (F7 belongs to the browsers), F8 takes a signature back, digits for windows, Esc back.
"use strict";
const one = (what) => document.querySelector(what);
const go = (what) => { const link = one(what); if (link) { link.click(); return true } return false };

function press(move) {
  const button = move !== "forward" ? one(`button[data-move="${move}"]`) : one("button.main[data-move]");
  if (!button) return false;
  const remark = one("#remark");
  if (move === "return" && remark && !remark.value.trim()) { remark.focus(); return true }
  button.form.requestSubmit(button);
  return true;
}

function walk(step) {
  const links = [...document.querySelectorAll("a.open")];
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.repeat && /^F\d/.test(event.key)) { event.preventDefault(); return }
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  const keys = {
    F9: () => press("forward"), F2: () => press("return"), F8: () => press("withdraw"), Escape: () => go("a.back"),
    ...(typing ? {} : {
      ArrowDown: () => walk(1) || go("a.after"), ArrowUp: () => walk(-1) || go("a.before"),
      ArrowRight: () => go("a.page-after"), ArrowLeft: () => go("a.page-before"),
    }),
  };
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const preset = !typing && /^[1-9]$/.test(event.key) && (() => go(`a.preset[data-key="${event.key}"]`));
  const act = keys[event.key] || preset;
  if (act && act()) event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return }
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent });
