package example;

import java.nio.file.Files;
import java.util.List;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.http.converter.json.MappingJackson2HttpMessageConverter;
import org.springframework.web.context.support.AnnotationConfigWebApplicationContext;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerAdapter;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/** Spring MVC 4 on an embedded Tomcat 9, with the controller of ../spring-boot. */
public class Start {
    // Not a @Configuration: Spring 4 cannot rewrite classes of a newer Java.
    @Import(Items.class)
    static class Settings {
        // Before Spring 5.3 a route for /items takes /items.json and /items.anything too.
        @Bean
        RequestMappingHandlerMapping mapping() {
            var mapping = new RequestMappingHandlerMapping();
            mapping.setUseSuffixPatternMatch(false);
            return mapping;
        }

        @Bean
        RequestMappingHandlerAdapter adapter() {
            var adapter = new RequestMappingHandlerAdapter();
            adapter.setCustomArgumentResolvers(List.of(new Identity.Resolver()));
            adapter.setMessageConverters(List.of(new MappingJackson2HttpMessageConverter()));
            return adapter;
        }
    }

    public static void main(String[] arguments) throws Exception {
        var spring = new AnnotationConfigWebApplicationContext();
        spring.register(Settings.class);

        var tomcat = new Tomcat();
        String work = Files.createTempDirectory("bearergate-backend-").toString();
        tomcat.setBaseDir(work);
        var connector = new Connector();
        connector.setProperty("address", "127.0.0.1");
        connector.setPort(Integer.parseInt(System.getenv().getOrDefault("PORT", "3000")));
        tomcat.setConnector(connector);
        var servlet = Tomcat.addServlet(tomcat.addContext("", work), "spring", new DispatcherServlet(spring));
        servlet.setAsyncSupported(true);
        servlet.addMapping("/");
        tomcat.start();
        tomcat.getServer().await();
    }
}
