// scanning: a file is read off another screen's codes by the camera. A step of the restore dialog.
import { component } from '../alpine'
import { explainCamera, watchCodes, type Stop } from '../camera'
import { Collector } from '../qr-parts'
import type { Explained } from '../text'

const SCAN_WRONG: Explained = {
  code: 'ERR_BAD_FORMAT',
  sentence: 'What was read does not add up to the file that was shown.',
  next: 'Scan the codes once more. Nothing in your vault was changed.',
}

export const scanning = () => {
  const collector = new Collector()
  let stop: Stop | null = null
  return component({
    have: 0,
    total: 0,
    otherFile: false,
    looking: false,

    get scanText(): string {
      if (!this.looking) return 'Starting the camera…'
      if (this.total === 0) return 'Point the camera at the codes on the other screen.'
      return `${this.have} of ${this.total} codes read`
    },
    /** @param whole is called once, with the whole file */
    async startScan(whole: (file: Uint8Array) => void, wrong: (why: Explained) => void) {
      this.stopScan()
      const video = document.getElementById('scan-video')
      if (!(video instanceof HTMLVideoElement)) return
      try {
        const ours = await watchCodes(video, async (text) => {
          const seen = await collector.see(text)
          this.have = collector.have
          this.total = collector.total
          if (seen === 'other') this.otherFile = true
          if (seen === 'wrong') wrong(SCAN_WRONG)
          if (seen !== 'complete' || collector.file === null) return
          const file = collector.file
          this.stopScan()
          whole(file)
        })
        // Closed while the browser was asking for the camera.
        if (!video.isConnected) return ours()
        stop = ours
        this.looking = true
      } catch (error) {
        wrong(explainCamera(error))
      }
    },
    scanAnew() {
      collector.reset()
      this.have = 0
      this.total = 0
      this.otherFile = false
    },
    stopScan() {
      stop?.()
      stop = null
      this.looking = false
      this.scanAnew()
    },
  })
}
