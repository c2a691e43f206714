// Requests exactly as they are written: no header added, folded or put in order.
import http from 'node:http';

// `fields`: pairs of name and value. `trailers` makes the body chunked.
export function ask(url, { method = 'GET', target, token, fields = [], body, trailers }) {
  const { hostname, port } = new URL(url);
  const headers = [['Host', `${hostname}:${port}`], ...fields];
  if (token) headers.push(['Authorization', `Bearer ${token}`]);
  if (trailers) headers.push(['Transfer-Encoding', 'chunked'], ['Trailer', Object.keys(trailers).join(', ')]);
  else if (body !== undefined || method === 'POST') headers.push(['Content-Length', Buffer.byteLength(body ?? '')]);
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, method, path: target, headers: headers.flat(), agent: false, setHost: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (data) => (text += data));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        response.on('error', reject);
      });
    request.setTimeout(30_000, () => request.destroy(new Error(`${method} ${target}: no answer within 30 s`)));
    request.on('error', reject);
    if (trailers) request.addTrailers(trailers);
    request.end(body);
  });
}

// The answer as JSON; {} where it is something else, such as a framework's page for 404.
export function said(answer) {
  try {
    return JSON.parse(answer.text);
  } catch {
    return {};
  }
}
