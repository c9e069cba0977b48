// The page may be served behind a path that only the browser knows.
const endpoint = new URL('../xAPI/', document.currentScript.src)
document.getElementById('endpoint').textContent = endpoint.href
