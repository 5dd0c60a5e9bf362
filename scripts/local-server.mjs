// local-server: start and stop for the small HTTP servers of demo and tests. On this machine only.

/** Listens on the loopback interface; rejects with a sentence if the port is taken. */
export function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use; choose another with --port`) : error),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
}

/** Closes at once, open streams included. */
export function stop(server) {
  return new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
}
