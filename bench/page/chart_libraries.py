#!/usr/bin/env python3
"""dygraphs against Chart.js, both of Debian: how long a browser takes to draw many long curves.

Draws 100 curves of 10,000 points as they are, and of 313 as the server reduces them, then a tenth of each again as a
zoom does. Needs chromium. Prints one line for each.
"""
import json
import pathlib
import re
import subprocess
import tempfile

SCRIPTS = pathlib.Path("/usr/share/javascript")
PAGE = """<!doctype html><meta charset="utf-8"><div id="box" style="width:1100px;height:420px"><canvas id="canvas"></canvas></div>
<pre id="result"></pre><script>%s</script><script>%s</script><script>
const results = [];
const now = () => performance.now();
function curves(runs, points) {
  const xs = Array.from({length: points}, (_, i) => i);
  const ys = Array.from({length: runs}, (_, r) => xs.map((x) => 2 + 3 * Math.exp(-8 * x / points) + 0.01 * r + 0.05 * Math.sin(x * 12.9898 + r * 78.233)));
  return [xs, ys];
}
function note(library, what, points, start) { results.push([library, what, points, Math.round(now() - start)]); }
for (const points of [313, 10000]) {
  const [xs, ys] = curves(100, points);
  const low = Math.floor(points * 0.4), high = Math.floor(points * 0.5);
  const box = document.getElementById("box");
  {
    const rows = xs.map((x, i) => [x, ...ys.map((y) => y[i])]);
    const start = now();
    const graph = new Dygraph(box, rows, {labels: ["step", ...ys.map((_, i) => "r" + i)], legend: "never"});
    note("dygraphs", "first picture", points, start);
    const zoom = now();
    graph.updateOptions({dateWindow: [low, high]});
    note("dygraphs", "zoom", points, zoom);
    graph.destroy();
  }
  {
    box.innerHTML = "<canvas id=canvas></canvas>";
    const start = now();
    const chart = new Chart(document.getElementById("canvas"), {
      type: "line",
      data: {datasets: ys.map((y, i) => ({label: "r" + i, data: y.map((v, k) => ({x: k, y: v})), pointRadius: 0, borderWidth: 1}))},
      options: {animation: false, parsing: false, normalized: true, responsive: false, plugins: {legend: {display: false}}, scales: {x: {type: "linear"}}},
    });
    chart.draw();
    note("Chart.js", "first picture", points, start);
    const zoom = now();
    chart.options.scales.x.min = low;
    chart.options.scales.x.max = high;
    chart.update("none");
    note("Chart.js", "zoom", points, zoom);
    chart.destroy();
    box.innerHTML = "";
  }
}
document.getElementById("result").textContent = JSON.stringify(results);
</script>"""


def main():
    page = PAGE % ((SCRIPTS / "dygraphs/dygraph.min.js").read_text(), (SCRIPTS / "chart.js/chart.min.js").read_text())
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "page.html"
        path.write_text(page)
        done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--timeout=120000",
                               "--dump-dom", path.as_uri()], capture_output=True, text=True, check=True)
    results = json.loads(re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.S).group(1))
    for library, what, points, milliseconds in results:
        print(f"{library:9}  100 runs x {points:6} points  {what:13}  {milliseconds:6} ms")


if __name__ == "__main__":
    main()
