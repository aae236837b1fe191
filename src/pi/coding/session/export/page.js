"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const parents = JSON.parse(byId("parents").textContent);
  const leaf = JSON.parse(byId("leaf").textContent);
  const articles = new Map();
  for (const article of document.querySelectorAll("article")) articles.set(Number(article.id.slice(1)), article);
  const rows = new Map();
  for (const link of document.querySelectorAll("#tree a")) rows.set(Number(link.hash.slice(2)), link.parentElement);
  const lastChild = new Map();
  parents.forEach((parent, index) => lastChild.set(parent, index));

  // The branch on which an entry lies: up to the root, and down along the newest entries.
  function branch(index) {
    const found = new Set();
    for (let at = index; at >= 0 && !found.has(at); at = parents[at]) found.add(at);
    for (let at = index; at !== undefined; at = lastChild.get(at)) {
      if (at !== index && found.has(at)) break;
      found.add(at);
    }
    return found;
  }
  function onActive(index) {
    for (let at = leaf, steps = 0; at >= 0 && steps <= parents.length; at = parents[at], steps++) if (at === index) return true;
    return false;
  }
  function show(index) {
    const target = articles.get(index);
    if (!target) return;
    if (target.classList.contains("off")) {
      const on = branch(onActive(index) ? leaf : index);
      for (const [at, article] of articles) article.classList.toggle("off", !on.has(at));
      for (const [at, row] of rows) row.classList.toggle("on", on.has(at));
    }
    for (const row of document.querySelectorAll("#tree .here")) row.classList.remove("here");
    rows.get(index)?.classList.add("here");
    target.scrollIntoView();
  }
  const fromHash = () => show(Number(location.hash.slice(2)));
  addEventListener("hashchange", fromHash);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#e"]');
    if (link && link.hash === location.hash) show(Number(link.hash.slice(2)));
  });

  // Search: rows without a hit are left out, Enter goes from hit to hit.
  const query = byId("query");
  let hits = [];
  let texts;
  function search() {
    const wanted = query.value.trim().toLowerCase();
    texts ??= new Map([...articles].map(([at, article]) => [at, article.textContent.toLowerCase()]));
    hits = wanted ? [...texts].filter(([, text]) => text.includes(wanted)).map(([at]) => at) : [];
    const found = new Set(hits);
    for (const [at, row] of rows) row.classList.toggle("miss", wanted !== "" && !found.has(at));
    for (const [at, article] of articles) article.classList.toggle("hit", found.has(at));
    byId("found").textContent = wanted ? `${hits.length} found` : "";
  }
  let waiting;
  query.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
  query.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { query.value = ""; search(); query.blur(); }
    if (event.key !== "Enter" || !hits.length) return;
    const here = Number(location.hash.slice(2));
    const at = hits.indexOf(here);
    const next = hits[(at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length];
    for (const details of articles.get(next).querySelectorAll("details")) details.open = true;
    location.hash = `e${next}`;
  });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== query) { event.preventDefault(); query.focus(); }
  });

  let opened = false;
  byId("open").addEventListener("click", () => {
    opened = !opened;
    for (const details of document.querySelectorAll("article details")) details.open = opened;
  });
  byId("quiet").addEventListener("click", () => {
    byId("quiet").setAttribute("aria-pressed", String(document.body.classList.toggle("quiet")));
  });
  const themes = ["", "light", "dark"];
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.theme = themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % themes.length];
  });
  if (location.hash) fromHash();
})();
