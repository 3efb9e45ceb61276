"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = data.rows;
  const $ = (id) => document.getElementById(id);
  const make = (tag, mark, text) => {
    const element = document.createElement(tag);
    if (mark) element.className = mark;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const list = $("changes");
  const told = $("told");
  const search = $("search");
  const filters = { w: $("by-action"), r: $("by-risk"), m: $("by-module"), t: $("by-type"), c: $("by-certainty") };

  // Who waits for whom, the other way round.
  rows.forEach((row, at) => { row.back = []; row.at = at; });
  rows.forEach((row, at) => row.x.forEach((need) => rows[need].back.push(at)));
  rows.forEach((row) => {
    const words = [row.n, row.p, row.w, ...row.y, ...(row.d || [])];
    row.r.forEach((risk) => words.push(risk.k, risk.w));
    row.a.forEach((part) => words.push(part.n, part.b, part.a, part.p, ...(part.d || [])));
    row.text = words.filter(Boolean).join(" ").toLowerCase();
  });

  const place = (text, link) => {
    if (!link) return make("code", "", text);
    const anchor = make("a", "", text);
    anchor.href = link;
    anchor.rel = "noreferrer";
    return anchor;
  };

  const lines = (of, name) => {
    const pre = make("pre", "lines");
    pre.tabIndex = 0;
    pre.setAttribute("role", "group");
    pre.setAttribute("aria-label", name);
    const marks = { "+": "add", "-": "cut", "!": "alter" };
    of.forEach((line) => {
      const symbol = line.slice(0, 1);
      pre.append(make("span", marks[symbol] || "", (symbol === "!" ? "~" : symbol) + line.slice(1)));
    });
    return pre;
  };

  const titled = (body, title, ...rest) => body.append(make("h4", "", title), ...rest);

  const bullets = (of) => {
    const all = make("ul");
    of.forEach((text) => all.append(make("li", "", text)));
    return all;
  };

  const table = (row) => {
    const scroll = make("div", "scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", "Attributes of " + row.n);
    const whole = make("table");
    const head = make("tr");
    const names = row.w === "create" || row.w === "read" ? ["Attribute", "Value", "Where", "Why"] : ["Attribute", "Is", "Will be", "Where", "Why"];
    names.forEach((name) => { const cell = make("th", "", name); cell.scope = "col"; head.append(cell); });
    const top = make("thead");
    top.append(head);
    const middle = make("tbody");
    row.a.forEach((part) => {
      const line = make("tr");
      const cell = (mark, inside) => { const one = make("td", mark); one.dataset.label = names[line.children.length + (part.d ? names.length - 4 : 0)]; one.append(inside); line.append(one); };
      const name = make("th", "name", part.n);
      name.scope = "row";
      line.append(name);
      const text = (value) => value === undefined ? make("span", "soft", "nothing") : make("pre", "", value);
      if (part.d) {
        const one = make("td");
        one.colSpan = names.length - 3;
        one.append(lines(part.d, part.n));
        line.append(one);
      } else {
        if (names.length === 5) cell("was", text(part.b));
        cell("will", text(part.a));
      }
      cell("", part.p ? place(part.p, part.u) : make("span", "soft", "the service"));
      cell("", part.y.length ? bullets(part.y) : "");
      middle.append(line);
    });
    whole.append(top, middle);
    scroll.append(whole);
    return scroll;
  };

  const jumps = (of) => {
    const all = make("div", "links");
    of.slice(0, 60).forEach((at) => {
      const button = make("button", "name", rows[at].n);
      button.type = "button";
      button.addEventListener("click", () => go(at));
      all.append(button);
    });
    if (of.length > 60) all.append(make("span", "soft", "and " + (of.length - 60) + " more"));
    return all;
  };

  const fill = (row) => {
    const body = row.body;
    if (row.filled) return;
    row.filled = true;
    row.r.forEach((risk) => {
      const box = make("div", risk.h ? "danger high" : "danger");
      const text = make("p");
      text.append(make("span", "kind", risk.k), ": " + risk.w);
      box.append(text);
      body.append(box);
    });
    if (row.q) titled(body, "Perhaps", make("p", "", row.q));
    if (row.y.length) titled(body, "Why", bullets(row.y));
    if (row.l.length) titled(body, "Called at", bullets(row.l));
    if (row.a.length) titled(body, "Attributes", table(row));
    titled(body, "Difference", lines(row.d, "Difference of " + row.n));
    if (row.x.length) titled(body, "Waits for", jumps(row.x));
    if (row.back.length) titled(body, "Waited for by", jumps(row.back));
  };

  const open = (row, wanted) => {
    entry(row);
    const now = wanted === undefined ? row.button.getAttribute("aria-expanded") !== "true" : wanted;
    if (now) fill(row);
    row.button.setAttribute("aria-expanded", String(now));
    row.body.hidden = !now;
    if (now) draw(row.at);
  };

  // A change's element is made when it is first shown.
  const entry = (row) => {
    if (row.item) return row.item;
    const at = row.at;
    const item = make("li");
    item.id = "c" + at;
    const heading = make("h3");
    const button = make("button", "head");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "b" + at);
    const name = make("span", "name", row.n);
    const risk = row.r[0];
    if (risk) name.append(" ", make("span", risk.h ? "sign kind high" : "sign kind", "⚠ " + risk.k));
    if (row.c !== "certain") name.append(" ", make("span", "sign kind", "perhaps"));
    button.append(make("span", "deed " + row.w, row.s + " " + row.w), name, make("span", "where", row.p || ""));
    heading.append(button);
    const body = make("div", "body");
    body.id = "b" + at;
    body.hidden = true;
    button.addEventListener("click", () => open(row));
    item.append(heading, body);
    Object.assign(row, { item, button, body });
    return item;
  };

  // Of a long list only so much stands in the page as was scrolled to.
  const STEP = 150;
  let shown = [];
  let painted = 0;
  const paint = (until) => {
    const all = document.createDocumentFragment();
    for (; painted < Math.min(until, shown.length); painted += 1) {
      const row = shown[painted];
      const before = shown[painted - 1];
      if (row.g !== undefined && (!before || before.g !== row.g)) all.append(make("li", "group", row.g));
      all.append(entry(row));
    }
    list.append(all);
    $("more").hidden = painted >= shown.length;
  };
  const more = () => paint(painted + STEP);

  const sift = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wants = Object.entries(filters).map(([key, select]) => [key, select.value]).filter(([, value]) => value !== "");
    const fits = (row) => wants.every(([key, value]) => {
      if (key !== "r") return row[key] === (value === "(root)" ? "" : value);
      if (value === "(any)") return row.r.length > 0;
      return value === "(none)" ? row.r.length === 0 : row.r.some((risk) => risk.k === value);
    }) && words.every((word) => row.text.includes(word));
    shown = rows.filter(fits);
    painted = 0;
    list.replaceChildren();
    more();
    told.textContent = shown.length === rows.length ? rows.length + " changes" : shown.length + " of " + rows.length + " changes";
  };

  const choices = () => {
    const options = (select, values) => values.forEach((value) => {
      const option = make("option", "", value === "" ? "the root" : value);
      option.value = value === "" ? "(root)" : value;
      select.append(option);
    });
    const values = (key) => [...new Set(rows.map((row) => row[key]))].sort();
    options(filters.w, values("w"));
    options(filters.m, values("m"));
    options(filters.t, values("t"));
    options(filters.c, values("c"));
    options(filters.r, [...new Set(rows.flatMap((row) => row.r.map((risk) => risk.k)))]);
  };

  const go = (at) => {
    const row = rows[at];
    if (!shown.includes(row)) { search.value = ""; Object.values(filters).forEach((select) => { select.value = ""; }); sift(); }
    paint(shown.indexOf(row) + 1);
    open(row, true);
    row.item.scrollIntoView({ block: "center" });
    row.button.focus();
  };

  // The graph: all of it where that can be looked at, else what is next to one change.
  const SMALL = 60;
  const space = "http://www.w3.org/2000/svg";
  const drawn = (tag, attributes, ...inside) => {
    const element = document.createElementNS(space, tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...inside);
    return element;
  };
  const draw = (here) => {
    const frame = $("graph");
    if (!frame || rows.length === 0) return;
    let nodes = rows.map((_, at) => at);
    if (rows.length > SMALL) {
      if (here === undefined) return;
      const near = new Set([here, ...rows[here].x.slice(0, 25), ...rows[here].back.slice(0, 25)]);
      nodes = nodes.filter((at) => near.has(at));
    }
    const inside = new Set(nodes);
    const depth = new Map();
    const depthOf = (at, seen) => {
      if (depth.has(at)) return depth.get(at);
      if (seen.has(at)) return 0;
      seen.add(at);
      const needs = rows[at].x.filter((need) => inside.has(need));
      const deep = needs.length ? 1 + Math.max(...needs.map((need) => depthOf(need, seen))) : 0;
      depth.set(at, deep);
      return deep;
    };
    nodes.forEach((at) => depthOf(at, new Set()));
    const columns = [];
    nodes.forEach((at) => { (columns[depth.get(at)] = columns[depth.get(at)] || []).push(at); });
    const [wide, high, gapX, gapY] = [250, 30, 60, 12];
    const spot = new Map();
    columns.forEach((column, x) => column.forEach((at, y) => spot.set(at, [16 + x * (wide + gapX), 16 + y * (high + gapY)])));
    const width = 32 + columns.length * (wide + gapX) - gapX;
    const height = 32 + Math.max(...columns.map((column) => column.length)) * (high + gapY) - gapY;
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "What waits for what" });
    svg.append(drawn("defs", {}, drawn("marker", { id: "tip", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      drawn("path", { d: "M0 0 8 4 0 8z" }))));
    nodes.forEach((at) => rows[at].x.filter((need) => inside.has(need)).forEach((need) => {
      const [fromX, fromY] = spot.get(need);
      const [toX, toY] = spot.get(at);
      const [startX, startY, endY] = [fromX + wide, fromY + high / 2, toY + high / 2];
      const bend = Math.max(30, (toX - startX) / 2);
      svg.append(drawn("path", { d: `M${startX} ${startY}C${startX + bend} ${startY} ${toX - bend} ${endY} ${toX} ${endY}`, "marker-end": "url(#tip)" }));
    }));
    nodes.forEach((at) => {
      const [x, y] = spot.get(at);
      const row = rows[at];
      const label = row.n.length > 29 ? "…" + row.n.slice(-28) : row.n;
      const link = drawn("a", { href: "#c" + at, class: row.w + (at === here ? " here" : "") },
        drawn("title", {}, row.w + " " + row.n), drawn("rect", { x, y, width: wide, height: high, rx: 6 }),
        drawn("text", { x: x + 10, y: y + 20 }, row.s + " " + label));
      link.addEventListener("click", (event) => { event.preventDefault(); go(at); });
      svg.append(link);
    });
    frame.replaceChildren(svg);
  };

  const move = (step) => {
    if (!shown.length) return;
    const active = document.activeElement;
    const at = shown.findIndex((row) => row.item && row.item.contains(active));
    const to = Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + step));
    paint(to + 1);
    const next = shown[to];
    next.button.focus();
    next.item.scrollIntoView({ block: "nearest" });
  };

  const help = $("help");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const field = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (field) {
      if (event.key === "Escape" && event.target === search) { search.value = ""; sift(); search.blur(); }
      return;
    }
    const row = shown.find((one) => one.item && one.item.contains(document.activeElement));
    const keys = {
      "/": () => search.focus(),
      j: () => move(1),
      k: () => move(-1),
      o: () => row && open(row),
      "?": () => help.showModal(),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  const theme = $("theme");
  const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const named = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; named(); });
  $("asks").addEventListener("click", () => help.showModal());
  $("expand").addEventListener("click", () => { paint(200); shown.slice(0, 200).forEach((row) => open(row, true)); });
  $("fold").addEventListener("click", () => rows.forEach((row) => row.item && open(row, false)));
  $("more").addEventListener("click", more);
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) more(); }, { rootMargin: "600px" }).observe($("more"));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", sift);
  Object.values(filters).forEach((select) => select.addEventListener("change", sift));
  window.addEventListener("beforeprint", () => { paint(shown.length); shown.slice(0, 300).forEach((row) => open(row, true)); });
  document.querySelectorAll("[data-go]").forEach((anchor) => anchor.addEventListener("click", (event) => {
    event.preventDefault();
    go(Number(anchor.dataset.go));
  }));

  named();
  choices();
  sift();
  draw();
  const asked = /^#c(\d+)$/.exec(location.hash);
  if (asked && rows[Number(asked[1])]) go(Number(asked[1]));
})();
