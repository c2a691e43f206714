<?php
// Who is asking, as bearergate says. What the token does not say is null or empty here.

function identity_of(array $server): array
{
    $words = fn (string $name) => isset($server[$name]) ? explode(' ', $server[$name]) : [];
    return [
        'subject' => $server['HTTP_X_AUTH_SUBJECT'] ?? null,
        'client' => $server['HTTP_X_AUTH_CLIENT_ID'] ?? null,
        'organization' => $server['HTTP_X_AUTH_ORGANIZATION_ID'] ?? null,
        'scopes' => $words('HTTP_X_AUTH_SCOPES'),
        'audience' => $words('HTTP_X_AUTH_AUDIENCE'),
    ];
}

// The size of the request's body, read piece by piece.
function body_size(): int
{
    $bytes = 0;
    for ($body = fopen('php://input', 'rb'); !feof($body);) {
        $bytes += strlen(fread($body, 65536));
    }
    return $bytes;
}

// A line ten times a second until the client leaves, past all that gathers output.
function send_ticks(): void
{
    while (ob_get_level() > 0) {
        ob_end_flush();
    }
    for ($count = 1; $count <= 600; ++$count) {
        echo "tick $count\n";
        flush();
        usleep(100_000);
    }
}
