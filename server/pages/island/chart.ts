// The chart of the statistics page, for browsers: the same figures as the picture that
// the server draws, to zoom into (drag), and to read at the pointer.
import uPlot from "uplot";

interface Figures {
  times: number[];
  labels: string[];
  names: string[];
  values: number[][];
  unfinished: number;
  accumulated: boolean;
  zone: string;
  span: string;
  totals: string[];
  open: string;
}

const element = document.getElementById("figures");
const place = document.getElementById("chart");
if (element && place) {
  const figures: Figures = JSON.parse(element.textContent ?? "{}");
  let chart = draw(place, figures);
  const again = () => {
    chart.destroy();
    chart = draw(place, figures);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 280 })).observe(place);
}

function draw(place: HTMLElement, figures: Figures): uPlot {
  // A canvas knows no variables of CSS.
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const last = figures.unfinished >= 0 ? figures.unfinished : figures.times.length - 1;
  const lines = figures.accumulated || figures.times.length > 124;
  // Columns are stacked: each series is drawn as high as it and those below it.
  const stacked: number[][] = [];
  figures.values.forEach((values, i) => {
    stacked.push(values.map((value, at) => value + (lines || i === 0 ? 0 : stacked[i - 1][at])));
  });
  const shown = stacked.map((values) => values.map((value, at) => (at > last ? null : value)));
  const order = figures.names.map((_, i) => i);
  if (!lines) order.reverse(); // the highest is drawn first, the others before it
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
  const options: uPlot.Options = {
    width: place.clientWidth,
    height: 280,
    padding: [8, 8, 0, 0],
    cursor: { points: { size: 6 }, drag: { x: true, y: false } },
    scales: { x: { time: false, range: (_u, min, max) => [min - 0.5, max + 0.5] }, y: { range: (_u, _min, max) => [0, Math.max(max * 1.05, 4)] } },
    axes: [
      { ...axis, values: (_u, splits) => splits.map((at) => (Number.isInteger(at) ? (figures.labels[at] ?? "") : "")), space: 110 },
      { ...axis, values: (_u, splits) => splits.map((value) => short(value)), size: 52 },
    ],
    series: [
      { label: figures.zone, value: (_u, at) => (at == null ? figures.span : figures.labels[at] + (at === figures.unfinished ? ` (${figures.open})` : "")) },
      ...order.map((i): uPlot.Series => {
        const paint = color(`--c${Math.min(i, 7)}`);
        return {
          label: figures.names[i],
          stroke: paint,
          fill: lines ? undefined : paint,
          width: lines ? 2 : 0,
          points: { show: lines && figures.times.length < 40 },
          paths: lines ? undefined : uPlot.paths.bars?.({ size: [0.8, 60] }),
          value: (_u, _value, _series, at) => (at == null ? figures.totals[i] : at > last ? "–" : number.format(figures.values[i][at])),
        };
      }),
    ],
  };
  // What is not over yet is paler, as in the picture.
  const pale = (chart: uPlot) => {
    if (figures.unfinished < 0) return;
    const from = chart.valToPos(figures.unfinished - (lines ? 1 : 0.5), "x", true);
    chart.ctx.save();
    chart.ctx.globalAlpha = 0.5;
    chart.ctx.fillStyle = color("--surface");
    chart.ctx.fillRect(from, chart.bbox.top, chart.bbox.left + chart.bbox.width - from, chart.bbox.height);
    chart.ctx.restore();
  };
  options.hooks = { draw: [pale] };
  const holder = document.createElement("div");
  holder.className = "moving";
  place.replaceChildren(holder);
  const legend = place.nextElementSibling; // the chart has its own
  if (legend instanceof HTMLElement && legend.classList.contains("legend")) legend.hidden = true;
  const indices = figures.times.map((_, i) => i);
  return new uPlot(options, [indices, ...order.map((i) => shown[i])] as uPlot.AlignedData, holder);
}

function short(value: number): string {
  for (const [size, name] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (Math.abs(value) >= size) return `${+(value / size).toFixed(1)}${name}`;
  }
  return String(+value.toFixed(1));
}
