# Who is asking, as bearergate says. What the token does not say is nil or empty here.
module Identity
  def self.of(env)
    {
      subject: env['HTTP_X_AUTH_SUBJECT'],
      client: env['HTTP_X_AUTH_CLIENT_ID'],
      organization: env['HTTP_X_AUTH_ORGANIZATION_ID'],
      scopes: env.fetch('HTTP_X_AUTH_SCOPES', '').split,
      audience: env.fetch('HTTP_X_AUTH_AUDIENCE', '').split
    }
  end
end

# A line ten times a second until the client leaves.
TICKS = Enumerator.new do |out|
  1.upto(600) do |count|
    out << "tick #{count}\n"
    sleep 0.1
  end
end
