"""OpenStack Swift with Keystone in one process, from Debian's packages.

server.py make DIRECTORY        sets a Keystone up: a database and its keys
server.py run DIRECTORY PORT    serves on loopback; DIRECTORY has a copy of that Keystone, and keeps the objects

/v3 is Keystone, /v2.0/tokens a door of ours to it (Keystone itself has given version 2 up), /auth/v1.0 is tempauth with
the account AUTH_test, and /v1 is Swift.
"""
import json
import os
import sqlite3
import subprocess
import sys

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402

REGION, USER, PASSWORD = "RegionOne", "ralph", "ralph-secret"
ADMIN = "admin-secret"
ANY_PORT = "http://127.0.0.1:0"


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def keystone_configuration(home):
    write(f"{home}/keystone.conf", f"""
[DEFAULT]
use_stderr = true
log_file =
default_log_levels = keystone=ERROR,py.warnings=ERROR
[database]
connection = sqlite:///{home}/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = {home}/keys
[fernet_receipts]
key_repository = {home}/keys
[credential]
key_repository = {home}/credentials
# Of this process: what one request changes the next one sees.
[cache]
enabled = true
backend = dogpile.cache.memory
[identity]
password_hash_rounds = 4
""")
    os.environ["OS_KEYSTONE_CONFIG_DIR"] = home
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = f"{home}/keystone.conf"


def keystone_application():
    argv, sys.argv = sys.argv, sys.argv[:1]
    try:
        from keystone.server.wsgi import initialize_public_application
        return initialize_public_application()
    finally:
        sys.argv = argv


def client_of(application):
    from werkzeug.test import Client

    def call(method, path, body=None, token=None):
        headers = {"X-Auth-Token": token} if token else {}
        answer = Client(application).open(path, method=method, json=body, headers=headers)
        if answer.status_code >= 300:
            raise Exception(f"{method} {path}: {answer.status} {answer.get_data(as_text=True)}")
        return answer
    return call


def password_login(name, password, project):
    user = {"name": name, "password": password, "domain": {"id": "default"}}
    scope = {"project": {"name": project, "domain": {"id": "default"}}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}


def make(home):
    for directory in ("keys", "credentials"):
        os.makedirs(f"{home}/{directory}", mode=0o700, exist_ok=True)
    keystone_configuration(home)
    manage = [sys.executable, "-c", "from keystone.cmd.manage import main; main()", "--config-file", f"{home}/keystone.conf"]
    ids = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
    urls = [word for kind in ("admin", "internal", "public") for word in (f"--bootstrap-{kind}-url", f"{ANY_PORT}/v3")]
    for command in (["db_sync"], ["fernet_setup", *ids], ["credential_setup", *ids],
                    ["bootstrap", "--bootstrap-password", ADMIN, "--bootstrap-region-id", REGION, *urls]):
        done = subprocess.run([*manage, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(f"keystone-manage {command[0]}: {done.stdout[-2000:]}")
        if command[0] == "db_sync":
            # Otherwise a reader of Keystone's own keeps it from writing.
            with sqlite3.connect(f"{home}/keystone.db") as database:
                database.execute("PRAGMA journal_mode = WAL")
    call = client_of(keystone_application())
    token = call("POST", "/v3/auth/tokens", password_login("admin", ADMIN, "admin")).headers["X-Subject-Token"]

    def create(kind, plural, **about):
        return call("POST", f"/v3/{plural}", {kind: about}, token).json[kind]["id"]

    roles = {role["name"]: role["id"] for role in call("GET", "/v3/roles", token=token).json["roles"]}
    project = create("project", "projects", name=USER, domain_id="default")
    user = create("user", "users", name=USER, password=PASSWORD, domain_id="default")
    call("PUT", f"/v3/projects/{project}/users/{user}/roles/{roles['member']}", token=token)
    # A second user of the project, without any role in it that Swift knows.
    reader = create("user", "users", name="reader", password=PASSWORD, domain_id="default")
    call("PUT", f"/v3/projects/{project}/users/{reader}/roles/{roles['reader']}", token=token)
    create("region", "regions", id="Elsewhere")
    swift = create("service", "services", name="swift", type="object-store")
    for interface in ("public", "internal", "admin"):
        create("endpoint", "endpoints", service_id=swift, interface=interface, region_id=REGION,
               url=f"{ANY_PORT}/v1/AUTH_$(project_id)s")
    create("endpoint", "endpoints", service_id=swift, interface="public", region_id="Elsewhere",
           url="http://127.0.0.1:9/v1/AUTH_$(project_id)s")


def rings(home, ports):
    from swift.common.ring.builder import RingBuilder
    for kind, port in ports.items():
        builder = RingBuilder(4, 1, 0)
        builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1})
        builder.rebalance()
        builder.get_ring().save(f"{home}/{kind}.ring.gz")


class Cache:
    """What memcached is to Swift, for one process."""

    def __init__(self):
        self.values = {}

    def get(self, key, **_):
        return self.values.get(key)

    def set(self, key, value, **_):
        self.values[key] = value if isinstance(value, bytes) else json.loads(json.dumps(value))

    def delete(self, key, **_):
        self.values.pop(key, None)

    def incr(self, key, delta=1, **_):
        self.values[key] = max(0, int(self.values.get(key, 0)) + delta)
        return self.values[key]

    def decr(self, key, delta=1, **_):
        return self.incr(key, -delta)

    def get_multi(self, keys, *_, **__):
        return [self.values.get(key) for key in keys]

    def set_multi(self, mapping, *_, **__):
        for key, value in mapping.items():
            self.set(key, value)


def storage_server(home, kind, port):
    write(f"{home}/{kind}-server.conf", f"""
[DEFAULT]
devices = {home}/disks
mount_check = false
disable_fallocate = true
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {home}
log_level = ERROR
log_address = /dev/null
container_update_timeout = 30
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
conn_timeout = 5
node_timeout = 30
container_update_timeout = 30
""")
    from swift.common.wsgi import loadapp
    return loadapp(f"{home}/{kind}-server.conf")


def proxy_server(home, port, name, authentication):
    filters = ["catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk"]
    more = ["copy", "slo", "dlo"]
    sections = "".join(f"[filter:{each}]\nuse = egg:swift#{each}\n" for each in filters + more)
    write(f"{home}/{name}.conf", f"""
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {home}
log_level = ERROR
log_address = /dev/null
[pipeline:main]
pipeline = {" ".join([*filters, *authentication, *more])} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 5
node_timeout = 60
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
storage_url_scheme = http
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = http://127.0.0.1:{port}/v3
auth_url = http://127.0.0.1:{port}/v3
auth_plugin = password
user_domain_id = default
project_domain_id = default
username = admin
password = {ADMIN}
project_name = admin
delay_auth_decision = True
cache = swift.cache
{sections}
""")
    from swift.common.wsgi import loadapp
    return loadapp(f"{home}/{name}.conf")


def version_2(keystone):
    """Answers as Keystone's version 2.0 did, out of its version 3."""
    def application(environ, start):
        body = json.loads(environ["wsgi.input"].read())
        given = body["auth"]["passwordCredentials"]
        login = password_login(given["username"], given["password"], body["auth"].get("tenantName"))
        if "tenantId" in body["auth"]:
            login["auth"]["scope"] = {"project": {"id": body["auth"]["tenantId"]}}
        try:
            answer = client_of(keystone)("POST", "/v3/auth/tokens", login)
        except Exception:
            start("401 Unauthorized", [("Content-Type", "application/json")])
            return [b'{"error": {"code": 401}}']
        token = answer.json["token"]
        catalogue = [{"type": each["type"], "name": each["name"], "endpoints": [
            {"region": endpoint["region"], "publicURL": endpoint["url"]}
            for endpoint in each["endpoints"] if endpoint["interface"] == "public"
        ]} for each in token["catalog"]]
        access = {"token": {"id": answer.headers["X-Subject-Token"], "expires": token["expires_at"]},
                  "serviceCatalog": catalogue}
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"access": access}).encode()]
    return application


def run(home, port):
    here = f"http://127.0.0.1:{port}"
    keystone_configuration(home)
    with sqlite3.connect(f"{home}/keystone.db") as database:
        for id, url in database.execute("SELECT id, url FROM endpoint").fetchall():
            if "127.0.0.1:9/" not in url:
                database.execute("UPDATE endpoint SET url = ? WHERE id = ?", (here + url[url.index("/v"):], id))
    write(f"{home}/swift.conf", "[swift-hash]\nswift_hash_path_suffix = ralph\n[storage-policy:0]\nname = gold\ndefault = yes\n")
    from swift.common import utils
    from swift.common.http_protocol import SwiftHttpProtocol
    utils.set_swift_dir(home)
    os.makedirs(f"{home}/disks/d1", exist_ok=True)

    def serve(socket, application):
        with open(os.devnull, "w") as nowhere:
            wsgi.server(socket, application, log=nowhere, log_output=False, debug=False, protocol=SwiftHttpProtocol,
                        custom_pool=eventlet.GreenPool(1000), capitalize_response_headers=False)

    sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in ("account", "container", "object")}
    ports = {kind: socket.getsockname()[1] for kind, socket in sockets.items()}
    rings(home, ports)
    for kind, socket in sockets.items():
        eventlet.spawn(serve, socket, storage_server(home, kind, ports[kind]))

    keystone = keystone_application()
    with_keystone = proxy_server(home, port, "proxy", ["authtoken", "keystoneauth"])
    with_tempauth = proxy_server(home, port, "tempauth", ["tempauth"])
    old_door = version_2(keystone)
    cache = Cache()

    def front(environ, start):
        path = environ["PATH_INFO"]
        environ["swift.cache"] = cache
        if path.startswith("/v2.0/"):
            return old_door(environ, start)
        if path.startswith("/v3"):
            if environ["REQUEST_METHOD"] == "DELETE":
                # A token that is revoked is no good from then on.
                cache.values.clear()
            return keystone(environ, start)
        if path.startswith(("/auth/", "/v1/AUTH_test")):
            return with_tempauth(environ, start)
        return with_keystone(environ, start)

    serve(eventlet.listen(("127.0.0.1", port)), front)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        run(sys.argv[2], int(sys.argv[3]))
