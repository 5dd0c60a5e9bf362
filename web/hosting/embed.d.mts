import type { Plugin } from 'vite'

export function embedFiles(define: Record<string, string>): Plugin
