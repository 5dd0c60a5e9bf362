// usage-chart: bars by day, one upon the other, drawn by uPlot.
import uPlot from 'uplot'
import { DAY_MS } from './usage-sums'

/** One colour's bars; `values` has one for each day, null where nobody knows. */
export interface Bars {
  name: string
  /** A class of styles.css whose background is the colour. */
  swatch: string
  values: number[]
}

export interface Chart {
  destroy(): void
}

const HEIGHT = 220
const DAY_S = DAY_MS / 1000
const DAY = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/**
 * @param hover  told which day the pointer is over, null when it leaves
 * The canvas cannot be read aloud: what it shows is in the table beside it.
 */
export function drawChart(
  place: HTMLElement,
  days: number[],
  stack: Bars[],
  say: (value: number) => string,
  hover: (day: number | null) => void,
): Chart {
  const times = days.map((day) => day * DAY_S)
  // Each series reaches from the ground to its own top: the highest is drawn first, the others before it.
  const tops = stack.map((_, at) =>
    days.map((_, day) => stack.slice(0, at + 1).reduce((sum, { values }) => sum + (values[day] ?? 0), 0)),
  )
  const series = stack.map(({ name, swatch }, at) => ({
    label: name,
    fill: colour(place, swatch),
    data: tops[at] ?? [],
  }))
  series.reverse()
  const ink = { stroke: colour(place, 'swatch-text'), grid: { stroke: colour(place, 'swatch-line'), width: 1 } }
  const bars = uPlot.paths.bars?.({ size: [0.72, 40], align: 0 })

  const plot = new uPlot(
    {
      width: Math.max(place.clientWidth, 200),
      height: HEIGHT,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: (_, min, max) => [min - DAY_S * 0.6, max + DAY_S * 0.6] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      series: [
        {},
        ...series.map(({ label, fill }) => ({
          label,
          fill,
          width: 0,
          points: { show: false },
          ...(bars === undefined ? {} : { paths: bars }),
        })),
      ],
      axes: [
        {
          ...ink,
          grid: { show: false },
          ticks: { show: false },
          space: 60,
          size: 30,
          // Days only: bars are whole days.
          incrs: [1, 2, 3, 7, 14, 28, 56, 91, 182, 364].map((step) => step * DAY_S),
          values: (_, splits) => splits.map((at) => DAY.format(at * 1000)),
        },
        { ...ink, ticks: { show: false }, size: 72, space: 40, values: (_, splits) => splits.map(say) },
      ],
      hooks: { setCursor: [(u) => hover(days[u.cursor.idx ?? -1] ?? null)] },
    },
    [times, ...series.map(({ data }) => data)],
    place,
  )
  const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(place.clientWidth, 200), height: HEIGHT }))
  watch.observe(place)
  return {
    destroy() {
      watch.disconnect()
      plot.destroy()
    },
  }
}

/** A canvas knows no classes: the colour is looked up where the page's own theme has decided it. */
function colour(place: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.className = name
  place.append(probe)
  const found = getComputedStyle(probe).backgroundColor
  probe.remove()
  return found
}
