# Rails in one file: puma -b tcp://127.0.0.1:3000 rails.ru
require 'action_controller/railtie'
require_relative 'identity'

class App < Rails::Application
  config.hosts.clear
  config.eager_load = true
  config.secret_key_base = 'this program signs nothing'
  config.logger = Logger.new($stderr, level: :warn)
  config.middleware.delete Rack::MethodOverride # it obeys `_method` in a form's body

  routes.append do
    # Without `format: false` Rails takes /items.json for /items.
    scope format: false, controller: :items do
      get '/about', action: :about
      get '/headers', action: :env
      get '/items', action: :index
      post '/items', action: :create
      delete '/items', action: :clear
      get '/ticks', action: :ticks
      get '/orgs/:id/members', action: :members
      post '/orgs/:id/invitations', action: :invite
    end
  end
end

class Current < ActiveSupport::CurrentAttributes
  attribute :identity
end

class ItemsController < ActionController::API
  before_action { Current.identity = Identity.of(request.env) }

  def about
    answer 'GET /about' if stale?(etag: 'about-1')
  end

  def env
    render json: request.env.select { |_, value| value.is_a?(String) }
  end

  def index
    answer 'GET /items'
  end

  def create
    answer 'POST /items', bytes: request.body.read.size
  end

  def clear
    answer 'DELETE /items'
  end

  def ticks
    headers['Last-Modified'] = Time.now.httpdate # or Rack::ETag waits for the end
    headers['Content-Type'] = 'text/plain'
    self.response_body = TICKS
  end

  def members
    answer 'GET /orgs/{id}/members', id: params[:id]
  end

  def invite
    answer 'POST /orgs/{id}/invitations', id: params[:id]
  end

  private

  def answer(route, more = {})
    render json: { route: route, **more, **Current.identity }
  end
end

App.initialize!
run App
