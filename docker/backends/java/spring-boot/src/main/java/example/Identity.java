package example;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;

/** Who is asking, as bearergate says. What the token does not say is null or empty. */
record Identity(String subject, String client, String organization, List<String> scopes, List<String> audience) {

    /** A handler that takes an Identity is told. */
    static class Resolver implements HandlerMethodArgumentResolver {
        @Override
        public boolean supportsParameter(MethodParameter parameter) {
            return parameter.getParameterType() == Identity.class;
        }

        @Override
        public Identity resolveArgument(MethodParameter parameter, ModelAndViewContainer container,
                                        NativeWebRequest request, WebDataBinderFactory binders) {
            return new Identity(request.getHeader("X-Auth-Subject"), request.getHeader("X-Auth-Client-Id"),
                request.getHeader("X-Auth-Organization-Id"), words(request.getHeader("X-Auth-Scopes")),
                words(request.getHeader("X-Auth-Audience")));
        }

        private static List<String> words(String text) {
            return text == null ? new ArrayList<>() : List.of(text.split(" "));
        }
    }

    Map<String, Object> answer(String route) {
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("route", route);
        said.put("subject", subject);
        said.put("client", client);
        said.put("organization", organization);
        said.put("scopes", scopes);
        said.put("audience", audience);
        return said;
    }
}
