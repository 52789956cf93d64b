// In the browser: draws the plots from the data in the page.
(() => {
  const { Chart } = globalThis;
  const data = JSON.parse(document.getElementById('data').textContent);
  const style = getComputedStyle(document.documentElement);
  const text = style.getPropertyValue('--text').trim();
  const line = style.getPropertyValue('--line').trim();
  const COLORS = ['#8a9199', '#2b7de0', '#e08a1e', '#2aa37a', '#b45cd6', '#c94f4f', '#7a6ff0', '#9aa84a'];
  const colorOf = (name) => COLORS[data.transports.indexOf(name) % COLORS.length];

  Chart.defaults.color = text;
  Chart.defaults.borderColor = line;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;

  const BAR_PIXELS = 13;
  const FRAME_PIXELS = 110;

  const LINEAR_RANGE = 20;

  function draw(parent, title, cells, names, figureOf, axisOf) {
    const shown = names.filter((name) => cells.some((cell) => figureOf(cell, name) != null));
    if (shown.length === 0) return;
    const holder = document.createElement('div');
    holder.className = 'plot';
    holder.style.height = `${FRAME_PIXELS + cells.length * (shown.length * BAR_PIXELS + 8)}px`;
    const canvas = document.createElement('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', title);
    holder.append(canvas);
    parent.append(holder);
    const values = cells.flatMap((cell) => shown.map((name) => figureOf(cell, name) ?? [])).flat();
    const { axis, type } = axisOf(values);
    new Chart(canvas, {
      type,
      data: {
        labels: cells.map((cell) => cell.title),
        datasets: shown.map((name) => ({
          label: name,
          data: cells.map((cell) => figureOf(cell, name) ?? null),
          backgroundColor: colorOf(name),
          borderColor: colorOf(name),
          minBarLength: 2,
          showLine: false,
          pointRadius: 6,
        })),
      },
      options: {
        indexAxis: 'y',
        plugins: { title: { display: true, text: title }, legend: { position: 'bottom' } },
        scales: { x: axis, y: { offset: true } },
      },
    });
  }

  /** Labels at 1, 2 and 5 times a power of ten. */
  function logLabel(value) {
    const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
    return [1, 2, 5].includes(Math.round(digit * 1e6) / 1e6) ? value.toLocaleString('en-US') : '';
  }
  const logAxis = (label) => ({
    type: 'logarithmic',
    title: { display: true, text: label },
    ticks: { callback: logLabel, autoSkip: false, maxRotation: 0 },
  });

  /** Bars, from zero, where they can be told apart; else points, since a bar's length says nothing on a logarithmic axis. */
  const figureAxis = (label) => (values) => {
    if (Math.max(...values) / Math.min(...values) > LINEAR_RANGE)
      return { type: 'line', axis: logAxis(label) };
    return { type: 'bar', axis: { beginAtZero: true, title: { display: true, text: label } } };
  };

  /** A line at 1: no difference. */
  const RATIOS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20];
  const ratioAxis = (values) => ({
    type: 'bar',
    axis: {
      type: 'logarithmic',
      min: Math.min(0.75, ...values),
      max: Math.max(1.5, ...values),
      title: { display: true, text: `times less than ${data.base}` },
      ticks: { callback: (value) => `${value}×` },
      afterBuildTicks: (axis) => {
        const inside = RATIOS.filter((value) => value >= axis.min && value <= axis.max);
        axis.ticks = inside.map((value) => ({ value }));
      },
      grid: { color: (context) => (context.tick?.value === 1 ? text : line) },
    },
  });

  const plots = document.getElementById('plots');
  for (const group of data.groups) {
    const heading = document.createElement('h2');
    heading.textContent = group.title;
    plots.append(heading);
    const memory = group.cells.every((cell) => cell.kind === 'memory');
    const of = (cell, name) => cell.transports[name];
    const own = memory ? 'Memory for each unit' : 'Server CPU time';
    const units = [...new Set(group.cells.map((cell) => cell.unit))].join(' / ');
    const primary = (cell, name) => of(cell, name)?.primary;
    const interval = (cell, name) =>
      of(cell, name)?.low == null ? null : [of(cell, name).low, of(cell, name).high];
    const rate = (cell, name) => of(cell, name)?.rate;
    const intervals = `Ratio to ${data.base} with the same settings: 95 % interval`;
    draw(
      plots,
      own,
      group.cells,
      data.transports,
      primary,
      figureAxis(memory ? 'bytes' : `µs for each ${units}`),
    );
    draw(plots, intervals, group.cells, data.transports, interval, ratioAxis);
    if (!memory) draw(plots, 'Throughput', group.cells, data.transports, rate, figureAxis('per second'));
  }

  // Latencies: share of messages that took longer, on two logarithmic axes, so that the tail shows.
  const withCurves = data.groups.flatMap((group) =>
    group.cells.filter((cell) => Object.keys(cell.curves).length > 0).map((cell) => ({ group, cell })),
  );
  const select = document.getElementById('curve');
  for (const { group, cell } of withCurves) select.append(new Option(`${group.title}: ${cell.title}`));

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

  let latency;
  function showLatency() {
    const chosen = withCurves[select.selectedIndex];
    latency?.destroy();
    if (chosen === undefined) return;
    latency = new Chart(document.getElementById('latency'), {
      type: 'line',
      data: {
        datasets: Object.entries(chosen.cell.curves).map(([name, pairs]) => ({
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
        scales: {
          x: logAxis('latency, µs'),
          y: logAxis('% of messages that took longer'),
        },
      },
    });
  }
  const atRate = withCurves.findIndex(({ group }) => group.title.startsWith('Latency'));
  if (atRate >= 0) select.selectedIndex = atRate;
  select.addEventListener('change', showLatency);
  showLatency();
})();
