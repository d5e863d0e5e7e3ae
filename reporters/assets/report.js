"use strict";
// The findings explorer. What it shows was written by strangers: it only ever becomes textContent.
(() => {
  const PAGE = 100;
  const PRINTED = 2000;
  const SHORT = 160;
  const OUTCOMES = ["fail", "waived", "error", "pass", "not-applicable"];
  const WORDS = { error: "could not check", "not-applicable": "not applicable" };
  const SEVERITIES = ["critical", "high", "medium", "low"];
  const SVG = "http://www.w3.org/2000/svg";
  const $ = (id) => document.getElementById(id);
  const form = $("filters");
  const body = document.querySelector(".findings tbody");
  const section = $("explorer");
  const clean = { q: "", outcome: "", severity: "", control: "", target: "", owner: "" };
  let asked = [];
  let names = {};
  let rows = [];
  let found = [];
  let state = { ...clean };
  let page = 0;
  let ready = false;
  let writing;

  const make = (tag, text, className) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };

  const outcomeOf = (row) => {
    const svg = document.createElementNS(SVG, "svg");
    const use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", "shape");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", "#" + row.outcome);
    svg.append(use);
    return [svg, WORDS[row.outcome] || row.outcome];
  };

  // Each line holds columns: distinct values, and which of them each row has.
  const unpack = (line, into) => {
    const columns = Object.entries(JSON.parse(line));
    const [values, places] = columns[0][1];
    const length = (places || values).length;
    for (let i = 0; i < length; i++) {
      const row = {};
      for (const [name, [values, places]] of columns) row[name] = values[places ? places[i] : i];
      row.resource = row.stem + row.leaf;
      into.push(row);
    }
  };

  const load = async () => {
    const raw = atob($("packed").textContent.trim());
    const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const [head, ...chunks] = (await new Response(stream).text()).split("\n").filter(Boolean);
    ({ requirements: asked, names } = JSON.parse(head));
    for (const chunk of chunks) unpack(chunk, rows);
    const rank = (row) => OUTCOMES.indexOf(row.outcome) * 4 + SEVERITIES.indexOf(row.severity);
    rows.sort((one, other) => rank(one) - rank(other));
  };

  const controlOf = (row) => asked[row.asked].policy + " " + asked[row.asked].control;

  const haystack = (row) => (row.text ??= [
    row.resource, row.check, row.target, names[row.target], row.scope, row.region, row.reasons,
    row.facts, row.context, row.waiver, row.id, asked[row.asked].requirement, asked[row.asked].title,
  ].join("\n").toLowerCase());

  const find = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    found = rows.filter((row) =>
      (!state.outcome || row.outcome === state.outcome) &&
      (!state.severity || row.severity === state.severity) &&
      (!state.control || controlOf(row) === state.control) &&
      (!state.target || row.target === state.target) &&
      (!state.owner || asked[row.asked].owner === state.owner) &&
      words.every((word) => haystack(row).includes(word)));
  };

  const short = (text) => (text.length > SHORT ? text.slice(0, SHORT) + "…" : text);

  const draw = (row) => {
    const line = make("tr");
    const cell = make("td");
    const button = make("button", undefined, "outcome " + row.outcome);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.append(...outcomeOf(row));
    cell.append(button);
    line.append(cell, make("td", row.severity, "severity " + row.severity),
      make("td", asked[row.asked].control),
      make("td", short(row.resource || "the whole of " + (row.scope || row.target)), "id"),
      make("td", short(names[row.target] || row.target)), make("td", short(row.reasons.replaceAll("\n", "; "))));
    line.finding = row;
    return line;
  };

  const show = () => {
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    page = Math.min(page, last);
    const drawn = found.slice(page * PAGE, (page + 1) * PAGE);
    body.replaceChildren(...drawn.map(draw));
    const all = rows.length.toLocaleString("en");
    const many = found.length.toLocaleString("en");
    $("count").textContent = found.length
      ? `${many} of ${all} findings, ${page * PAGE + 1} to ${page * PAGE + drawn.length} shown, worst first`
      : `None of ${all} findings is like this`;
    $("pages").hidden = !last;
    $("pages").querySelector("span").textContent = `Page ${page + 1} of ${last + 1}`;
    for (const button of $("pages").querySelectorAll("button")) {
      const to = page + Number(button.dataset.step);
      button.disabled = to < 0 || to > last;
    }
  };

  const pairs = (entries, wanted) => {
    const table = make("table");
    const head = make("tr");
    for (const word of ["Fact", "Seen", "Expected"]) {
      const cell = make("th", word);
      cell.scope = "col";
      head.append(cell);
    }
    table.createTHead().append(head);
    const lines = table.createTBody();
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(entries)])) {
      const line = make("tr");
      line.append(make("td", name), make("td", entries[name] ?? "–"), make("td", wanted[name] ?? ""));
      lines.append(line);
    }
    return table;
  };

  const detail = (row) => {
    const want = asked[row.asked];
    const list = make("dl", undefined, "requirement");
    const say = (term, value) => {
      if (!value) return;
      const what = make("dd");
      what.append(value);
      list.append(make("dt", term), what);
    };
    say("Why", row.reasons.replaceAll("\n", "; "));
    if (row.waiver) {
      const [owner, reason, expires] = row.waiver.split("\n");
      say("Waived", `by ${owner}, until ${expires}: ${reason}`);
    }
    if (row.facts) say("Facts", pairs(JSON.parse(row.facts), want.expect));
    else say("Expected", Object.entries(want.expect).map(([name, value]) => `${name}: ${value}`).join("; "));
    say("When", want.when);
    if (row.context) {
      say("Context", Object.entries(JSON.parse(row.context)).map(([name, value]) => `${name}: ${value}`).join("; "));
    }
    say("To mend it", row.outcome === "pass" ? "" : want.remediation);
    say("Requirement", `${want.requirement} (${want.title}; ${want.owner})`);
    say("Check", row.check);
    say("Resource", row.resource + (row.type ? ` (${row.type})` : ""));
    say("Where", [row.target, row.scope, row.region !== row.scope ? row.region : ""].filter(Boolean).join(", "));
    say("Finding", row.id);
    return list;
  };

  const close = (line) => {
    if (line?.nextElementSibling?.className !== "detail") return false;
    line.nextElementSibling.remove();
    line.querySelector("button").setAttribute("aria-expanded", "false");
    return true;
  };

  const toggle = (line) => {
    if (close(line)) return;
    const more = make("tr", undefined, "detail");
    const cell = make("td");
    cell.colSpan = 6;
    cell.append(detail(line.finding));
    more.append(cell);
    line.after(more);
    line.querySelector("button").setAttribute("aria-expanded", "true");
  };

  const move = (step) => {
    const buttons = [...body.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus();
  };

  // The address holds the filter: a fragment with an equals sign is a state, any other an anchor.
  const fromAddress = () => {
    if (!location.hash.includes("=")) return false;
    const said = new URLSearchParams(location.hash.slice(1));
    state = { ...clean };
    for (const name of Object.keys(clean)) state[name] = said.get(name) || "";
    page = Math.max(0, (Number.parseInt(said.get("page"), 10) || 1) - 1);
    for (const [name, value] of Object.entries(state)) form.elements[name].value = value;
    return true;
  };

  // Late, because browsers refuse an address that changes with every key.
  const toAddress = () => {
    clearTimeout(writing);
    writing = setTimeout(writeAddress, 250);
  };

  const writeAddress = () => {
    const said = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
    if (page) said.set("page", page + 1);
    history.replaceState(null, "", "#" + (String(said) || "explorer"));
  };

  const refresh = () => {
    section.classList.toggle("filtered", Object.values(state).some(Boolean));
    find();
    show();
  };

  const changed = () => {
    for (const name of Object.keys(clean)) state[name] = form.elements[name].value;
    page = 0;
    refresh();
    toAddress();
  };

  const fill = (name, values, words = {}) => {
    const select = form.elements[name];
    select.append(new Option("Any", ""), ...[...values].map((value) => new Option(words[value] || value, value)));
  };

  const fillAll = () => {
    const present = (key) => new Set(rows.map(key));
    const outcomes = present((row) => row.outcome);
    const controls = present(controlOf);
    const shown = {};
    for (const want of asked) shown[want.policy + " " + want.control] = `${want.control} ${want.title}`;
    fill("outcome", OUTCOMES.filter((word) => outcomes.has(word)), WORDS);
    fill("severity", SEVERITIES.filter((word) => rows.some((row) => row.severity === word)));
    fill("control", Object.keys(shown).filter((key) => controls.has(key)), shown);
    fill("target", [...present((row) => row.target)].sort(), names);
    fill("owner", [...present((row) => asked[row.asked].owner)].sort());
  };

  const link = () => {
    for (const node of document.querySelectorAll("[data-filter]")) {
      const holder = node.querySelector("dd") || node;
      const anchor = make("a");
      anchor.href = "#" + node.dataset.filter;
      anchor.append(...holder.childNodes);
      anchor.addEventListener("click", () => section.scrollIntoView());
      holder.append(anchor);
    }
  };

  const listen = () => {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", changed);
    form.addEventListener("reset", () => setTimeout(changed));
    $("pages").addEventListener("click", (event) => {
      if (!event.target.dataset.step) return;
      page += Number(event.target.dataset.step);
      show();
      toAddress();
      section.scrollIntoView();
    });
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr");
      // Selecting text is not a click; a key press is one, whatever is selected.
      if (line?.finding && (event.detail === 0 || !String(getSelection()))) toggle(line);
    });
    addEventListener("hashchange", () => {
      if (!fromAddress()) return;
      refresh();
      section.scrollIntoView();
    });
    addEventListener("keydown", onKey);
  };

  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      form.elements.q.focus();
    } else if (event.key === "Escape") {
      const line = document.activeElement.closest("tr");
      if (!close(line)) document.activeElement.blur();
    } else if (typing) {
      if (event.key === "ArrowDown" && event.target.name === "q") { event.preventDefault(); move(1); }
    } else if (event.key === "j" || event.key === "k") {
      move(event.key === "j" ? 1 : -1);
    } else if (body.contains(event.target) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    }
  };

  // On paper everything is open, and a filtered list is whole up to a bound.
  const printing = () => {
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll("details:not([open])")];
      for (const node of closed) node.open = true;
      if (!ready || !section.classList.contains("filtered")) return;
      body.replaceChildren(...found.slice(0, PRINTED).map(draw));
      $("count").textContent = `${found.length.toLocaleString("en")} findings with ` +
        Object.entries(state).filter(([, value]) => value).map((pair) => pair.join(" ")).join(", ") +
        (found.length > PRINTED ? `; the first ${PRINTED.toLocaleString("en")}` : "");
    });
    addEventListener("afterprint", () => {
      for (const node of closed) node.open = false;
      if (ready) show();
    });
  };

  const start = async () => {
    printing();
    try {
      await load();
    } catch (error) {
      $("explorer-trouble").hidden = false;
      $("explorer-trouble").textContent = "The findings could not be opened here (a browser of 2023 or later is needed): " + error.message;
      return;
    }
    document.documentElement.classList.add("js");
    ready = true;
    fillAll();
    link();
    listen();
    const asks = fromAddress();
    refresh();
    for (const node of section.querySelectorAll("[hidden]:not(#explorer-trouble):not(#pages)")) node.hidden = false;
    if (asks) section.scrollIntoView();
  };

  start();
})();
