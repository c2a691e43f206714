<?php
// Slim 3: php -S 127.0.0.1:3000 index.php
require getenv('AUTOLOAD') ?: __DIR__ . '/vendor/autoload.php';
require __DIR__ . '/../identity.php';

$app = new Slim\App();

$app->add(function ($request, $response, $next) {
    return $next($request->withAttribute('identity', identity_of($request->getServerParams())), $response);
});

// Slim 3 takes the method from `_METHOD` in a form's body. What was asked for is what is done.
$app->add(fn ($request, $response, $next) => $next($request->withMethod($request->getOriginalMethod()), $response));

function answer($request, $response, string $route, array $more = [])
{
    return $response->withJson(['route' => $route] + $more + $request->getAttribute('identity'));
}

$app->get('/about', function ($request, $response) {
    $response = $response->withHeader('ETag', '"about-1"');
    return $request->getHeaderLine('If-None-Match') === '"about-1"'
        ? $response->withStatus(304)
        : answer($request, $response, 'GET /about');
});
$app->get('/headers', fn ($request, $response) => $response->withJson(
    $request->getHeaders() + array_filter($request->getServerParams(), 'is_string')));

$app->get('/items', fn ($request, $response) => answer($request, $response, 'GET /items'));
$app->post('/items', fn ($request, $response) => answer($request, $response, 'POST /items', [
    'bytes' => $request->getBody()->getSize() ?? strlen((string) $request->getBody()),
]));
$app->delete('/items', fn ($request, $response) => answer($request, $response, 'DELETE /items'));
$app->get('/ticks', function () {
    header('Content-Type: text/plain');
    send_ticks();
});

$app->get('/orgs/{id}/members', fn ($request, $response, $path) =>
    answer($request, $response, 'GET /orgs/{id}/members', ['id' => $path['id']]));
$app->post('/orgs/{id}/invitations', fn ($request, $response, $path) =>
    answer($request, $response, 'POST /orgs/{id}/invitations', ['id' => $path['id']]));

$app->run();
