// code-show: the codes one after another, as a film that can be stopped and stepped. A step of the backup dialog.

/** Under three changes a second: nothing may flash faster. */
const SPEEDS_MS = { normal: 400, slow: 1000 }
const QUIET_MODULES = 4
const MODULE_PIXELS = 8

export const codeShow = () => {
  let codes: string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    shown: 0,
    total: 0,
    playing: false,
    slow: false,

    get position(): string {
      return `Code ${this.shown + 1} of ${this.total}`
    },
    get several(): boolean {
      return this.total > 1
    },
    get playText(): string {
      return this.playing ? 'Pause' : 'Play'
    },
    get playIcon(): string {
      return this.playing ? '#i-pause' : '#i-play'
    },
    get pace(): string {
      const seconds = (this.total * this.speed) / 1000
      return this.several
        ? `Once through takes ${Math.max(1, Math.round(seconds))} s. Codes may be missed and come round again.`
        : ''
    },
    get speed(): number {
      return this.slow ? SPEEDS_MS.slow : SPEEDS_MS.normal
    },

    async showCodes(texts: string[]) {
      codes = texts
      this.total = texts.length
      this.shown = 0
      await this.drawCode()
      if (this.several) this.play()
    },
    async drawCode() {
      const { encodeQR } = await import('../qr')
      const canvas = document.getElementById('code-canvas')
      const text = codes[this.shown]
      if (!(canvas instanceof HTMLCanvasElement) || text === undefined) return
      draw(canvas, encodeQR(text, 'raw', { ecc: 'low', border: QUIET_MODULES }))
    },
    togglePlay() {
      if (this.playing) this.pause()
      else this.play()
    },
    play() {
      this.playing = true
      clearTimeout(timer)
      timer = setTimeout(() => {
        this.turn(1)
        if (this.playing) this.play()
      }, this.speed)
    },
    pause() {
      this.playing = false
      clearTimeout(timer)
    },
    stepBy(by: number) {
      this.pause()
      this.turn(by)
    },
    turn(by: number) {
      this.shown = (this.shown + by + this.total) % this.total
      void this.drawCode()
    },
    stopCodes() {
      this.pause()
      codes = []
      this.total = 0
    },
  }
}

/** Black on white in both themes: that is what cameras look for. */
function draw(canvas: HTMLCanvasElement, modules: boolean[][]): void {
  const side = modules.length * MODULE_PIXELS
  canvas.width = side
  canvas.height = side
  const context = canvas.getContext('2d')
  if (context === null) return
  context.fillStyle = '#fff'
  context.fillRect(0, 0, side, side)
  context.fillStyle = '#000'
  for (const [y, row] of modules.entries()) {
    for (const [x, dark] of row.entries()) {
      if (dark) context.fillRect(x * MODULE_PIXELS, y * MODULE_PIXELS, MODULE_PIXELS, MODULE_PIXELS)
    }
  }
}
