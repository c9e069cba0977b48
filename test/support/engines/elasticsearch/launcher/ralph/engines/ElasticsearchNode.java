package ralph.engines;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * One Elasticsearch node in this JVM, until SIGTERM. Elasticsearch's own main wants a whole distribution (entitlement
 * agent, native libraries, a launcher that talks on stdin), which no registry has; so no bootstrap checks run.
 * Arguments: home directory, configuration directory, then settings as key=value.
 */
public final class ElasticsearchNode {
    public static void main(String[] args) throws Exception {
        Path configuration = Path.of(args[1]);
        Map<String, String> settings = new HashMap<>();
        settings.put("path.home", args[0]);
        for (int i = 2; i < args.length; i++) {
            int at = args[i].indexOf('=');
            settings.put(args[i].substring(0, at), args[i].substring(at + 1));
        }
        String name = settings.get("node.name");

        // Before anything else, as the stock bootstrap does: classes keep the logger that they find when they load.
        LogConfigurator.configureESLogging();
        LogConfigurator.setNodeName(name);
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(Settings.EMPTY, settings, configuration, () -> name);
        LogConfigurator.configure(environment, true);

        // false: the server is on the class path here, not a named module.
        PluginsLoader plugins =
            PluginsLoader.createPluginsLoader(modulesIn(environment.modulesDir()), Set.of(), Map.of(), false);
        Node node = new Node(environment, plugins);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
                node.awaitClose(10, TimeUnit.SECONDS);
            } catch (Exception e) {
                e.printStackTrace();
            } finally {
                stopped.countDown();
            }
        }, "stop"));
        node.start();
        stopped.await();
    }

    /** Takes a path in 8, a path and whether it is serverless in 9. */
    @SuppressWarnings("unchecked")
    private static Set<PluginBundle> modulesIn(Path directory) throws Exception {
        for (Method m : PluginsLoader.class.getMethods()) {
            if (m.getName().equals("loadModulesBundles")) {
                return (Set<PluginBundle>)
                    (m.getParameterCount() == 1 ? m.invoke(null, directory) : m.invoke(null, directory, false));
            }
        }
        throw new IllegalStateException("no PluginsLoader.loadModulesBundles");
    }
}
