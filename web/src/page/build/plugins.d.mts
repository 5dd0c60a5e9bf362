// plugins: the types of plugins.mjs, for vite.config.ts.
import type { Plugin } from 'vite'
export function pagePlugins(): Plugin[]
