(function () {
  "use strict";
  var d = DATA, root = document.getElementById(d.id);
  if (!root || root.firstChild) return;
  var ns = "http://www.w3.org/2000/svg", rows = d.cells.length, cols = d.cells[0].length;
  function wide(name) { for (var n = 0, i = 0; i < name.length; i++) n += name.charCodeAt(i) > 0x1100 ? 12 : 6.5; return n; }
  function widest(names) { return (names || []).reduce(function (most, name) { return Math.max(most, wide(name)); }, 0); }
  var cell = Math.max(6, Math.min(34, Math.floor(410 / Math.max(rows, cols)))), broad = d.columns && cols < 13 ? Math.max(cell, Math.min(76, widest(d.columns) + 8)) : cell;
  var left = Math.max(46, 32 + widest(d.rows)), top = d.legend ? 26 : 8, every = Math.ceil(34 / cell);
  var gridWidth = cols * broad, gridHeight = rows * cell, gap = 64, chart = 300, W = left + gridWidth + gap + chart + 30, H = Math.max(gridHeight, 170) + top + 44;
  function node(name, attributes, parent, words) {
    var n = document.createElementNS(ns, name);
    for (var key in attributes) n.setAttribute(key, attributes[key]);
    if (words !== undefined) n.textContent = words;
    parent.appendChild(n);
    return n;
  }
  function element(name, style, parent) {
    var n = document.createElement(name);
    n.style.cssText = style;
    parent.appendChild(n);
    return n;
  }
  var bar = element("div", "display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;font:13px sans-serif;margin:0 0 8px", root);
  var choice = element("select", "font:inherit;max-width:100%", bar);
  choice.setAttribute("aria-label", d.choose);
  d.series.forEach(function (s, i) {
    var option = document.createElement("option");
    option.value = i; option.textContent = s.name;
    choice.appendChild(option);
  });
  if (d.series.length < 2 || d.across) choice.style.display = "none";
  function named(words) { if (d.across) element("span", "flex:0 0 auto", bar).textContent = words; }
  named(d.step);
  var slider = element("input", "flex:1 1 180px;min-width:120px", bar);
  slider.type = "range"; slider.min = 0; slider.step = 1; slider.value = 0;
  slider.setAttribute("aria-label", d.step);
  named(d.across);
  var second = element("input", "flex:1 1 180px;min-width:120px", bar);
  second.type = "range"; second.min = 0; second.step = 1; second.max = d.series.length - 1; second.value = d.first;
  second.setAttribute("aria-label", d.across);
  if (!d.across) second.style.display = "none";
  choice.value = d.first;
  var label = element("output", "flex:0 0 100%;min-height:1.3em", bar);
  var svg = node("svg", { viewBox: "0 0 " + W + " " + H, width: W, role: "img", "aria-label": d.alt, style: "max-width:100%;height:auto;background:#fff;border-radius:4px;font:11px sans-serif" }, root);
  function colour(t) {
    var n = d.palette.length - 1, i = Math.min(Math.floor(t * n), n - 1), f = t * n - i, out = [];
    for (var k = 0; k < 3; k++) out.push(Math.round(d.palette[i][k] * (1 - f) + d.palette[i + 1][k] * f));
    return "rgb(" + out.join(",") + ")";
  }
  var boxes = [], titles = [], pad = cell > 16 ? 1 : 0, r, c;
  for (r = 0; r < rows; r++) {
    boxes.push([]);
    if (r % every === 0) node("text", { x: left - 8, y: top + r * cell + cell / 2 + 4, "text-anchor": "end", fill: "#333" }, svg, d.rows ? d.rows[r] : r);
    for (c = 0; c < cols; c++) {
      var box = node("rect", { x: left + c * broad + pad, y: top + r * cell + pad, width: broad - 2 * pad, height: cell - 2 * pad, rx: pad ? 3 : 0 }, svg);
      titles.push(node("title", {}, box, ""));
      boxes[r].push(box);
    }
  }
  for (c = 0; c < cols; c++) if (c % (d.columns && broad > cell ? 1 : every) === 0) node("text", { x: left + c * broad + broad / 2, y: top + gridHeight + 14, "text-anchor": "middle", fill: "#333" }, svg, d.columns ? d.columns[c] : c);
  if (d.legend) node("text", { x: left, y: 16, fill: "#333" }, svg, d.legend);
  node("text", { x: left + gridWidth / 2, y: top + gridHeight + 32, "text-anchor": "middle", fill: "#333" }, svg, d.xlabel);
  node("text", { x: 12, y: top + gridHeight / 2, "text-anchor": "middle", fill: "#333", transform: "rotate(-90 12 " + (top + gridHeight / 2) + ")" }, svg, d.ylabel);
  var x0 = left + gridWidth + gap, y1 = H - 44, y0 = top + 12;
  function px(s, i) { return x0 + chart * s.steps[i].at; }
  function py(v) { return y1 - (y1 - y0) * v; }
  d.ticks.forEach(function (t) {
    node("line", { x1: x0, x2: x0 + chart, y1: py(t[0]), y2: py(t[0]), stroke: "#ddd" }, svg);
    node("text", { x: x0 - 6, y: py(t[0]) + 4, "text-anchor": "end", fill: "#333" }, svg, t[1]);
  });
  d.places.forEach(function (t) { node("text", { x: x0 + chart * t[0], y: y1 + 16, "text-anchor": "middle", fill: "#333" }, svg, t[1]); });
  node("text", { x: x0 + chart / 2, y: y1 + 34, "text-anchor": "middle", fill: "#333" }, svg, d.step);
  node("text", { x: x0, y: y0 - 6, fill: "#333" }, svg, d.measure);
  var lines = d.series.map(function (s) {
    return node("polyline", { points: s.steps.map(function (p, i) { return px(s, i) + "," + py(p.height); }).join(" "), fill: "none", "stroke-linejoin": "round" }, svg);
  });
  var dot = node("circle", { r: 5, fill: "#b5401a", stroke: "#fff", "stroke-width": 1.5 }, svg);
  function at(list, r, c) { return (list || []).some(function (q) { return q[0] === r && q[1] === c; }); }
  function chosen() { return d.series[d.across ? second.value : choice.value || 0]; }
  function draw() {
    var s = chosen(), i = Math.min(+slider.value, s.steps.length - 1), p = s.steps[i], cells = p.cells || d.cells, values = p.values || d.values;
    for (var r = 0; r < rows; r++) for (var c = 0; c < cols; c++) {
      var none = cells[r][c] === null || at(p.empty, r, c), box = boxes[r][c], marked = at(p.marked, r, c);
      box.setAttribute("fill", none ? "#fff" : colour(cells[r][c]));
      box.setAttribute("stroke", marked ? "#b5401a" : none ? "#bbb" : "none");
      box.setAttribute("stroke-width", marked ? 3 : 1);
      box.setAttribute("stroke-dasharray", none && !marked ? "3 3" : "none");
      if (marked) svg.insertBefore(box, dot); // in front of its neighbours
      titles[r * cols + c].textContent = d.ylabel + " " + (d.rows ? d.rows[r] : r) + ", " + d.xlabel + " " + (d.columns ? d.columns[c] : c) + ": " + (cells[r][c] === null ? d.none : values[r][c]);
    }
    lines.forEach(function (line, k) {
      line.setAttribute("stroke", d.series[k] === s ? "#b5401a" : "#bbb");
      line.setAttribute("stroke-width", d.series[k] === s ? 2.4 : 1.2);
    });
    svg.appendChild(lines[d.series.indexOf(s)]); svg.appendChild(dot); // in front
    dot.setAttribute("cx", px(s, i)); dot.setAttribute("cy", py(p.height));
    label.textContent = p.label;
  }
  function choose() {
    slider.max = chosen().steps.length - 1;
    draw();
  }
  choice.addEventListener("change", choose);
  second.addEventListener("input", choose);
  slider.addEventListener("input", draw);
  [choice, slider, second].forEach(function (control) { control.addEventListener("keydown", function (e) { e.stopPropagation(); }); });
  slider.max = chosen().steps.length - 1;
  slider.value = d.begin;
  choose();
})();
