// camera: what does the camera see? Texts of QR codes, as they come by.
import type { Explained } from './text'

/** Often enough to catch a code shown for 400 ms two or three times. */
const LOOK_EVERY_MS = 90
const MOST_PIXELS_A_SIDE = 960

export type Stop = () => void

/** @param seen is awaited, so that codes come one after another. Rejects where there is no camera or no leave to use it. */
export async function watchCodes(video: HTMLVideoElement, seen: (text: string) => Promise<void>): Promise<Stop> {
  const { decodeQR } = await import('./qr')
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 960 } },
  })
  let stopped = false
  const stop = () => {
    stopped = true
    for (const track of stream.getTracks()) track.stop()
    video.srcObject = null
  }
  video.srcObject = stream
  try {
    await video.play()
  } catch (error) {
    stop()
    throw error
  }
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const look = async () => {
    if (stopped || context === null) return
    const { videoWidth, videoHeight } = video
    if (videoWidth > 0) {
      const scale = Math.min(1, MOST_PIXELS_A_SIDE / Math.max(videoWidth, videoHeight))
      canvas.width = Math.round(videoWidth * scale)
      canvas.height = Math.round(videoHeight * scale)
      context.drawImage(video, 0, 0, canvas.width, canvas.height)
      const text = read(() => decodeQR(context.getImageData(0, 0, canvas.width, canvas.height)))
      if (text !== null) await seen(text)
    }
    setTimeout(() => void look(), LOOK_EVERY_MS)
  }
  void look()
  return stop
}

/** Most pictures hold no code, or one that is blurred: that is thrown, and means nothing. */
function read(decode: () => string): string | null {
  try {
    return decode()
  } catch {
    return null
  }
}

export function explainCamera(thrown: unknown): Explained {
  const name = thrown instanceof Error ? thrown.name : ''
  const said = (sentence: string, next: string): Explained => ({ code: 'ERR_BLOCKED', sentence, next })
  const file = 'Or carry the backup over as a file.'
  if (name === 'NotAllowedError')
    return said(
      'The browser was not allowed to use the camera.',
      `Allow it for this page (the sign beside the address), then try again. ${file}`,
    )
  if (name === 'NotReadableError')
    return said('Another program is using the camera.', `Close that program, then try again. ${file}`)
  return said('No camera was found on this device.', 'Carry the backup over as a file instead.')
}
