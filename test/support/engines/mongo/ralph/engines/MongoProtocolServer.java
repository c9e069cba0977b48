package ralph.engines;

import java.util.List;

import org.h2.mvstore.MVStore;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;

/**
 * MongoDB's wire protocol, spoken by an emulator, until SIGTERM.
 * Arguments: port and, if the data is to be kept, the file for it.
 */
public final class MongoProtocolServer {
    public static void main(String[] args) throws Exception {
        AbstractMongoBackend backend =
            args.length > 1 ? new FileBackend(MVStore.open(args[1])) : new MemoryBackend();
        // The driver asks for wire version 9 at least; the emulator's own versions end below that.
        backend.version(new MongoVersion() {
            @Override
            public List<Integer> getVersionArray() {
                return List.of(7, 0, 0);
            }

            @Override
            public int getWireVersion() {
                return 21;
            }

            @Override
            public String toVersionString() {
                return "7.0.0";
            }
        });
        MongoServer server = new MongoServer(backend);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow, "stop"));
        server.bind("127.0.0.1", Integer.parseInt(args[0]));
        Thread.currentThread().join();
    }

    /** Written to the file before the answer, as MongoDB does for a write concern of {j: true}: a kill loses nothing. */
    private static final class FileBackend extends H2Backend {
        FileBackend(MVStore store) {
            super(store);
        }

        @Override
        public Document handleMessage(MongoMessage message) {
            Document answer = super.handleMessage(message);
            commit();
            return answer;
        }
    }
}
