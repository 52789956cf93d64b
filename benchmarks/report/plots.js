// In the browser: draws the latencies from the data in the page. The bars need no script.
(() => {
  const { Chart } = globalThis;
  const data = JSON.parse(document.getElementById('data').textContent);
  const style = getComputedStyle(document.documentElement);
  const variable = (name) => style.getPropertyValue(name).trim();
  const colorOf = (name) => variable(`--c${data.transports.indexOf(name) % 8}`);

  Chart.defaults.color = variable('--text');
  Chart.defaults.borderColor = variable('--line');
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;

  const NARROW_PIXELS = 600;

  /** Labels at 1, 2 and 5 times a power of ten; at the power alone where there is little room. */
  function logLabel(value) {
    const digit = Math.round((value / 10 ** Math.floor(Math.log10(value) + 1e-9)) * 1e6) / 1e6;
    const digits = window.innerWidth < NARROW_PIXELS ? [1] : [1, 2, 5];
    return digits.includes(digit) ? value.toLocaleString('en-US') : '';
  }
  const logAxis = (label) => ({
    type: 'logarithmic',
    title: { display: true, text: label },
    ticks: { callback: logLabel, autoSkip: false, maxRotation: 0 },
  });

  /** The share of messages that took longer, on two logarithmic axes, so that the tail shows. */
  function curveOf(pairs) {
    const total = pairs.reduce((sum, [, count]) => sum + count, 0);
    let left = total;
    const points = [];
    for (const [us, count] of pairs) {
      left -= count;
      if (left > 0) points.push({ x: us, y: (100 * left) / total });
    }
    return points;
  }

  const select = document.getElementById('curve');
  for (const { title } of data.cells) select.append(new Option(title));

  let chart;
  function show() {
    const chosen = data.cells[select.selectedIndex];
    chart?.destroy();
    if (chosen === undefined) return;
    chart = new Chart(document.getElementById('latency'), {
      type: 'line',
      data: {
        datasets: Object.entries(chosen.curves).map(([name, pairs]) => ({
          label: name,
          data: curveOf(pairs),
          borderColor: colorOf(name),
          backgroundColor: colorOf(name),
          borderWidth: 2,
          pointRadius: 0,
        })),
      },
      options: {
        parsing: false,
        plugins: { legend: { position: 'bottom' } },
        scales: { x: logAxis('latency, µs'), y: logAxis('% of messages that took longer') },
      },
    });
  }
  const atRate = data.cells.findIndex(({ group }) => group.startsWith('Latency'));
  if (atRate >= 0) select.selectedIndex = atRate;
  select.addEventListener('change', show);
  show();
})();
