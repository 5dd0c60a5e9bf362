// Static files only: the page is rendered once, at build time, and needs no server.
export default { output: 'export' }
