// usage-view: the part of the page that shows what was used. Comes when somebody asks for it, with the chart's library.
import 'uplot/dist/uPlot.min.css'
import { capDialog } from './components/cap-dialog'
import { usage } from './components/usage'

export const components = { capDialog, usage }
