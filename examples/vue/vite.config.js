import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// Vue is told which tags are elements of the page's own.
const isCustomElement = (tag) => tag.startsWith('keyhold-')

export default defineConfig({ plugins: [vue({ template: { compilerOptions: { isCustomElement } } })] })
