import path from 'node:path';
import { runs } from './installed.mjs';
import { sourceFolder } from './stage.mjs';
import { verify } from './verify.mjs';

// Debian's own, which has Debian's packages, whatever other Python comes first in PATH.
const python = '/usr/bin/python3';
const folder = path.join(sourceFolder, 'python');
const variables = { PYTHONDONTWRITEBYTECODE: '1' };
const served = (name, needs, server, more) => ({
  name, folder, variables, ...more,
  missing: runs(python, '-c', `import ${needs}`),
  command: ['/bin/sh', '-c', `exec ${python} -m ${server}`],
});

verify('Python', [
  served('Flask', 'flask, gunicorn', 'gunicorn --bind 127.0.0.1:$PORT --threads 8 flask_app:app'),
  served('FastAPI', 'fastapi, uvicorn, websockets',
    'uvicorn --host 127.0.0.1 --port $PORT --no-access-log fastapi_app:app', { socket: true }),
  served('Django', 'django, gunicorn', 'gunicorn --bind 127.0.0.1:$PORT --threads 8 django_app:application'),
]);
