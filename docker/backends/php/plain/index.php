<?php
// PHP alone: php -S 127.0.0.1:3000 index.php
require __DIR__ . '/../identity.php';

$identity = identity_of($_SERVER);
$path = explode('/', substr(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), 1));
$method = $_SERVER['REQUEST_METHOD'] === 'HEAD' ? 'GET' : $_SERVER['REQUEST_METHOD'];
$id = count($path) === 3 && $path[0] === 'orgs' ? rawurldecode($path[1]) : null;
$route = $method . ' /' . ($id === null ? implode('/', $path) : "orgs/{id}/$path[2]");

function reply(array $answer): void
{
    header('Content-Type: application/json');
    echo json_encode($answer);
}

switch ($route) {
    case 'GET /about':
        header('ETag: "about-1"');
        if (($_SERVER['HTTP_IF_NONE_MATCH'] ?? '') === '"about-1"') {
            http_response_code(304);
        } else {
            reply(['route' => $route] + $identity);
        }
        break;
    case 'GET /headers':
        reply($_SERVER);
        break;
    case 'GET /items':
    case 'DELETE /items':
        reply(['route' => $route] + $identity);
        break;
    case 'POST /items':
        reply(['route' => $route, 'bytes' => body_size()] + $identity);
        break;
    case 'GET /ticks':
        header('Content-Type: text/plain');
        send_ticks();
        break;
    case 'GET /orgs/{id}/members':
    case 'POST /orgs/{id}/invitations':
        reply(['route' => $route, 'id' => $id] + $identity);
        break;
    default:
        http_response_code(404);
}
