# Sinatra: puma -b tcp://127.0.0.1:3000 sinatra.ru
require 'json'
require 'sinatra/base'
require_relative 'identity'

class App < Sinatra::Base
  disable :method_override # on in classic applications: `_method` in a form's body would be obeyed

  before { @identity = Identity.of(env) }

  def answer(route, more = {})
    content_type :json
    JSON.generate({ route: route, **more, **@identity })
  end

  get('/about') do
    etag 'about-1'
    answer 'GET /about'
  end
  get('/headers') { JSON.generate(env.select { |_, value| value.is_a?(String) }) }

  get('/items') { answer 'GET /items' }
  post('/items') { answer 'POST /items', bytes: request.body.read.size }
  delete('/items') { answer 'DELETE /items' }
  get('/ticks') do
    content_type :text
    TICKS
  end

  get('/orgs/:id/members') { answer 'GET /orgs/{id}/members', id: params[:id] }
  post('/orgs/:id/invitations') { answer 'POST /orgs/{id}/invitations', id: params[:id] }
end

run App
