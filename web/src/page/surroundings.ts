// surroundings: can Keyhold run in this browser at all, and if not, what would help?
import { isWindow, openerFrame } from './window'

export interface Obstacle {
  sentence: string
  next: string
}

/** @returns null where everything needed is there. */
export function whyNotHere(): Obstacle | null {
  if (!isSecureContext) {
    return {
      sentence: 'This page was not loaded over a secure connection, so the browser withholds what Keyhold needs.',
      next: 'Open it by https://, or from this computer as http://localhost.',
    }
  }
  if (isWindow && openerFrame() === null) {
    return {
      sentence: 'This window belongs to a Keyhold button on another page, and that page is gone or did not open it.',
      next: 'Close it, go back to that page, and press its Keyhold button.',
    }
  }
  if (typeof WebAssembly !== 'object') {
    return {
      sentence: 'This browser does not run WebAssembly, in which Keyhold does its cryptography.',
      next: 'It may be off in Lockdown Mode or by a setting: allow it for this site, or use another browser.',
    }
  }
  if (typeof indexedDB !== 'object' || indexedDB === null) {
    return {
      sentence: 'This browser gives Keyhold no storage.',
      next: 'Leave private browsing, or allow this site to store data, and reload.',
    }
  }
  return null
}
