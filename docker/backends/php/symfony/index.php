<?php
// Symfony's micro kernel in one file: php -S 127.0.0.1:3000 index.php
use Symfony\Bundle\FrameworkBundle\FrameworkBundle;
use Symfony\Bundle\FrameworkBundle\Kernel\MicroKernelTrait;
use Symfony\Component\DependencyInjection\Loader\Configurator\ContainerConfigurator;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\HttpFoundation\StreamedResponse;
use Symfony\Component\HttpKernel\Event\RequestEvent;
use Symfony\Component\HttpKernel\Kernel;
use Symfony\Component\Routing\Loader\Configurator\RoutingConfigurator;

require getenv('AUTOLOAD') ?: __DIR__ . '/vendor/autoload.php';
require __DIR__ . '/../identity.php';

class App extends Kernel implements EventSubscriberInterface
{
    use MicroKernelTrait;

    public function registerBundles(): iterable
    {
        return [new FrameworkBundle()];
    }

    protected function configureContainer(ContainerConfigurator $container): void
    {
        // Older Symfony takes the method from `_method` in a form's body unless told not to.
        $container->extension('framework', ['secret' => 'this program signs nothing', 'http_method_override' => false]);
    }

    // A controller's argument called $identity gets this.
    public static function getSubscribedEvents(): array
    {
        return [RequestEvent::class => ['whoIsAsking', 512]];
    }

    public function whoIsAsking(RequestEvent $event): void
    {
        $event->getRequest()->attributes->set('identity', identity_of($event->getRequest()->server->all()));
    }

    protected function configureRoutes(RoutingConfigurator $routes): void
    {
        $controllers = [
            'about' => ['GET', '/about'], 'headers' => ['GET', '/headers'], 'items' => ['GET', '/items'],
            'addItem' => ['POST', '/items'], 'clearItems' => ['DELETE', '/items'], 'ticks' => ['GET', '/ticks'],
            'members' => ['GET', '/orgs/{id}/members'], 'invite' => ['POST', '/orgs/{id}/invitations'],
        ];
        foreach ($controllers as $name => [$method, $path]) {
            $routes->add($name, $path)->methods([$method])->controller([$this, $name]);
        }
    }

    public function about(Request $request, array $identity): Response
    {
        $response = (new JsonResponse(['route' => 'GET /about'] + $identity))->setEtag('about-1');
        $response->isNotModified($request);
        return $response;
    }

    public function headers(Request $request): Response
    {
        return new JsonResponse(['headers' => $request->headers->all(), 'server' => $request->server->all()]);
    }

    public function items(array $identity): Response
    {
        return new JsonResponse(['route' => 'GET /items'] + $identity);
    }

    public function addItem(array $identity): Response
    {
        return new JsonResponse(['route' => 'POST /items', 'bytes' => body_size()] + $identity);
    }

    public function clearItems(array $identity): Response
    {
        return new JsonResponse(['route' => 'DELETE /items'] + $identity);
    }

    public function ticks(): Response
    {
        return new StreamedResponse('send_ticks', 200, ['Content-Type' => 'text/plain']);
    }

    public function members(string $id, array $identity): Response
    {
        return new JsonResponse(['route' => 'GET /orgs/{id}/members', 'id' => $id] + $identity);
    }

    public function invite(string $id, array $identity): Response
    {
        return new JsonResponse(['route' => 'POST /orgs/{id}/invitations', 'id' => $id] + $identity);
    }

    public function getProjectDir(): string
    {
        return getenv('WORK') ?: __DIR__;   // what is compiled and logged goes below it, to var/
    }
}

$app = new App('prod', false);
$request = Request::createFromGlobals();
$response = $app->handle($request)->send();
$app->terminate($request, $response);
