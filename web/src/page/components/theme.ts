// theme: light, dark, or as the system has it; kept in localStorage.
import { component } from '../alpine'

type Theme = 'system' | 'light' | 'dark'
const STORED_AS = 'keyhold-theme'
const ORDER: Theme[] = ['system', 'light', 'dark']
const NAMES: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' }
const ICONS: Record<Theme, string> = { system: '#i-screen', light: '#i-sun', dark: '#i-moon' }

export const theme = () =>
  component({
    // public/theme.js has put it there before the first paint.
    chosen: (document.documentElement.dataset['theme'] ?? 'system') as Theme,

    get label(): string {
      return `Theme: ${NAMES[this.chosen]}`
    },
    get icon(): string {
      return ICONS[this.chosen]
    },
    next() {
      this.chosen = ORDER[(ORDER.indexOf(this.chosen) + 1) % ORDER.length] ?? 'system'
      if (this.chosen === 'system') delete document.documentElement.dataset['theme']
      else document.documentElement.dataset['theme'] = this.chosen
      try {
        if (this.chosen === 'system') localStorage.removeItem(STORED_AS)
        else localStorage.setItem(STORED_AS, this.chosen)
      } catch {
        // No storage: it holds until the page is left.
      }
    },
  })
