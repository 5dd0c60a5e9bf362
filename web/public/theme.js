// theme: before anything is painted, the theme that was chosen here; without a choice, the system's.
try {
  const theme = localStorage.getItem('keyhold-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // No storage: the system's theme it is.
}
