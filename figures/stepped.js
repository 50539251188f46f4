(function () {
  "use strict";
  var d = DATA, root = document.getElementById(d.id);
  if (!root || root.firstChild) return;
  var ns = "http://www.w3.org/2000/svg", cell = 34, left = 46, top = 8, rows = d.cells.length, cols = d.cells[0].length;
  var gridWidth = cols * cell, gridHeight = rows * cell, gap = 64, chart = 300, W = left + gridWidth + gap + chart + 14, H = Math.max(gridHeight, 170) + top + 44;
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
  if (d.series.length < 2) choice.style.display = "none";
  var slider = element("input", "flex:1 1 180px;min-width:120px", bar);
  slider.type = "range"; slider.min = 0; slider.step = 1; slider.value = 0;
  slider.setAttribute("aria-label", d.step);
  var label = element("output", "flex:0 0 100%;min-height:1.3em", bar);
  var svg = node("svg", { viewBox: "0 0 " + W + " " + H, width: W, role: "img", "aria-label": d.alt, style: "max-width:100%;height:auto;background:#fff;border-radius:4px;font:11px sans-serif" }, root);
  function colour(t) {
    var n = d.palette.length - 1, i = Math.min(Math.floor(t * n), n - 1), f = t * n - i, out = [];
    for (var k = 0; k < 3; k++) out.push(Math.round(d.palette[i][k] * (1 - f) + d.palette[i + 1][k] * f));
    return "rgb(" + out.join(",") + ")";
  }
  var boxes = [], r, c;
  for (r = 0; r < rows; r++) {
    boxes.push([]);
    node("text", { x: left - 8, y: top + r * cell + cell / 2 + 4, "text-anchor": "end", fill: "#333" }, svg, r);
    for (c = 0; c < cols; c++) {
      var box = node("rect", { x: left + c * cell + 1, y: top + r * cell + 1, width: cell - 2, height: cell - 2, rx: 3 }, svg);
      node("title", {}, box, d.ylabel + " " + r + ", " + d.xlabel + " " + c + ": " + (d.cells[r][c] === null ? d.none : d.values[r][c]));
      boxes[r].push(box);
    }
  }
  for (c = 0; c < cols; c++) node("text", { x: left + c * cell + cell / 2, y: top + gridHeight + 14, "text-anchor": "middle", fill: "#333" }, svg, c);
  node("text", { x: left + gridWidth / 2, y: top + gridHeight + 32, "text-anchor": "middle", fill: "#333" }, svg, d.xlabel);
  node("text", { x: 12, y: top + gridHeight / 2, "text-anchor": "middle", fill: "#333", transform: "rotate(-90 12 " + (top + gridHeight / 2) + ")" }, svg, d.ylabel);
  var x0 = left + gridWidth + gap, y1 = H - 44, y0 = top + 12, most = 1;
  d.series.forEach(function (s) { most = Math.max(most, s.steps.length - 1); });
  function px(s, i) { return x0 + chart * (s.steps.length > 1 ? s.steps[i].at : 0); }
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
  function draw() {
    var s = d.series[choice.value || 0], i = Math.min(+slider.value, s.steps.length - 1), p = s.steps[i], gone = {};
    p.empty.forEach(function (q) { gone[q[0] + " " + q[1]] = true; });
    for (var r = 0; r < rows; r++) for (var c = 0; c < cols; c++) {
      var none = d.cells[r][c] === null || gone[r + " " + c];
      boxes[r][c].setAttribute("fill", none ? "#fff" : colour(d.cells[r][c]));
      boxes[r][c].setAttribute("stroke", none ? "#bbb" : "none");
      boxes[r][c].setAttribute("stroke-dasharray", none ? "3 3" : "none");
    }
    lines.forEach(function (line, k) {
      var chosen = d.series[k] === s;
      line.setAttribute("stroke", chosen ? "#b5401a" : "#bbb");
      line.setAttribute("stroke-width", chosen ? 2.4 : 1.2);
    });
    svg.appendChild(lines[d.series.indexOf(s)]); svg.appendChild(dot); // in front
    dot.setAttribute("cx", px(s, i)); dot.setAttribute("cy", py(p.height));
    label.textContent = p.label;
  }
  function choose() {
    var s = d.series[choice.value || 0];
    slider.max = s.steps.length - 1;
    draw();
  }
  choice.addEventListener("change", choose);
  slider.addEventListener("input", draw);
  [choice, slider].forEach(function (control) { control.addEventListener("keydown", function (e) { e.stopPropagation(); }); });
  slider.value = d.begin;
  choose();
})();
