(function () {
  "use strict";
  var d = DATA, root = document.getElementById(d.id);
  if (!root || root.firstChild) return;
  var W = 640, H = 460, ratio = window.devicePixelRatio || 1;
  var canvas = document.createElement("canvas"), note = document.createElement("div");
  canvas.width = W * ratio; canvas.height = H * ratio;
  canvas.style.cssText = "width:" + W + "px;max-width:100%;touch-action:none;cursor:grab;background:#fff;border-radius:4px";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", d.alt);
  note.style.cssText = "font:12px sans-serif;opacity:.75;margin-top:2px";
  note.textContent = d.hint;
  root.appendChild(canvas); root.appendChild(note);
  var c = canvas.getContext("2d"), az = d.azimuth, el = d.elevation, unit = 150;
  function project(x, y, z) {
    var s = Math.sin(az), k = Math.cos(az), up = Math.sin(el), flat = Math.cos(el);
    var right = x * k - y * s, away = x * s + y * k;
    return [W / 2 + unit * right, H / 2 + 8 - unit * ((z - 0.5) * d.tall * flat + away * up), away * flat - (z - 0.5) * d.tall * up];
  }
  function span(a, i) { return 2 * (a[i] - a[0]) / (a[a.length - 1] - a[0]) - 1; }
  function colour(t, shade) {
    var n = d.palette.length - 1, i = Math.min(Math.floor(t * n), n - 1), f = t * n - i, out = [];
    for (var k = 0; k < 3; k++) out.push(Math.round((d.palette[i][k] * (1 - f) + d.palette[i + 1][k] * f) * shade));
    return "rgb(" + out.join(",") + ")";
  }
  function polygon(points, fill, line) {
    c.beginPath();
    for (var i = 0; i < points.length; i++) c.lineTo(points[i][0], points[i][1]);
    c.closePath();
    if (fill) { c.fillStyle = fill; c.fill(); }
    c.strokeStyle = line; c.lineWidth = 0.6; c.stroke();
  }
  function text(words, p, dx, dy, size) {
    c.font = (size || 12) + "px sans-serif"; c.fillStyle = "#333"; c.textAlign = "center"; c.textBaseline = "middle";
    c.fillText(words, p[0] + dx, p[1] + dy);
  }
  function edge(axis) { // the edge of the floor that is nearest to the reader
    var best = null;
    [-1, 1].forEach(function (side) {
      var m = axis === 0 ? project(0, side, 0) : project(side, 0, 0);
      if (!best || m[2] < best.depth) best = { side: side, depth: m[2] };
    });
    return best.side;
  }
  function draw() {
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, W, H);
    polygon([project(-1, -1, 0), project(1, -1, 0), project(1, 1, 0), project(-1, 1, 0)], "#ededed", "#bbb");
    var ex = edge(0), ey = edge(1);
    d.zticks.forEach(function (t) {
      c.beginPath(); c.strokeStyle = "#d5d5d5"; c.lineWidth = 0.7;
      [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]].forEach(function (q, i, all) {
        var back = i > 0 && (q[0] === all[i - 1][0] ? q[0] === -ey : q[1] === -ex), p = project(q[0], q[1], t[0]);
        if (back) c.lineTo(p[0], p[1]); else c.moveTo(p[0], p[1]);
      });
      c.stroke();
    });
    var faces = [], i, j, k;
    for (j = 0; j + 1 < d.y.length; j++) for (i = 0; i + 1 < d.x.length; i++) {
      var z = [d.z[j][i], d.z[j][i + 1], d.z[j + 1][i + 1], d.z[j + 1][i]];
      if (z.indexOf(null) >= 0) continue;
      var x0 = span(d.x, i), x1 = span(d.x, i + 1), y0 = span(d.y, j), y1 = span(d.y, j + 1);
      var p = [project(x0, y0, z[0]), project(x1, y0, z[1]), project(x1, y1, z[2]), project(x0, y1, z[3])];
      faces.push({ p: p, depth: p[0][2] + p[1][2] + p[2][2] + p[3][2], t: (z[0] + z[1] + z[2] + z[3]) / 4 });
    }
    faces.sort(function (a, b) { return b.depth - a.depth; });
    for (k = 0; k < faces.length; k++) polygon(faces[k].p, colour(faces[k].t, 1), colour(faces[k].t, 0.8));
    var left = null;
    [[-1, -1], [1, -1], [1, 1], [-1, 1]].forEach(function (q) {
      var p = project(q[0], q[1], 0);
      if (!left || p[0] < left.p[0]) left = { q: q, p: p };
    });
    d.zticks.forEach(function (t) { text(t[1], project(left.q[0], left.q[1], t[0]), -22, 0, 11); });
    d.xticks.forEach(function (t) { text(t[1], project(t[0], ex * 1.12, 0), 0, 4, 11); });
    d.yticks.forEach(function (t) { text(t[1], project(ey * 1.12, t[0], 0), 0, 4, 11); });
    text(d.xlabel, project(0, ex * 1.38, 0), 0, 8);
    text(d.ylabel, project(ey * 1.38, 0, 0), 0, 8);
    c.textAlign = "left"; c.font = "12px sans-serif"; c.fillStyle = "#333"; c.fillText(d.zlabel, 8, 14);
    d.marks.forEach(function (m) {
      var p = project(m.x, m.y, m.z);
      c.beginPath(); c.arc(p[0], p[1], 5, 0, 7); c.fillStyle = "#222"; c.fill(); c.strokeStyle = "#fff"; c.lineWidth = 1.5; c.stroke();
      c.font = "bold 12px sans-serif"; var w = c.measureText(m.label).width;
      c.fillStyle = "rgba(255,255,255,.8)"; c.fillRect(p[0] + 9, p[1] - 9, w + 6, 18);
      c.textAlign = "left"; c.fillStyle = "#222"; c.fillText(m.label, p[0] + 12, p[1] + 1);
    });
  }
  function turn(dx, dy) {
    az += dx * 0.01;
    el = Math.max(0.05, Math.min(1.5, el + dy * 0.01));
    draw();
  }
  var last = null;
  canvas.addEventListener("pointerdown", function (e) { last = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener("pointermove", function (e) {
    if (!last) return;
    turn(e.clientX - last[0], e.clientY - last[1]);
    last = [e.clientX, e.clientY];
  });
  canvas.addEventListener("pointerup", function () { last = null; });
  canvas.addEventListener("pointercancel", function () { last = null; });
  canvas.addEventListener("keydown", function (e) {
    var step = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[e.key];
    if (step) { turn(step[0], step[1]); e.preventDefault(); e.stopPropagation(); }
  });
  draw();
})();
