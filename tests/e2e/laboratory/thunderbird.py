"""Thunderbird without a screen, led by Marionette: scripts run in it with all its own modules at hand."""
import itertools
import json
import shutil
import socket

from .root import Root
from .wait import until

PORT = 2828  # of Marionette, on the loopback of the laboratory
PATIENCE_S = 120
PROFILE = "/lab/profile"

# What would ask the world, or somebody who sits before it.  A laboratory has a loopback alone, which it takes for no network.
SETTINGS = {
    "app.update.enabled": False, "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False, "mail.provider.suppress_dialog_on_startup": True, "mail.shell.checkDefaultClient": False,
    "mailnews.start_page.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "network.manage-offline-status": False, "offline.autoDetect": False,
    "toolkit.telemetry.enabled": False,
}

PRELUDE = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { MailUtils } = ChromeUtils.importESModule("resource:///modules/MailUtils.sys.mjs");
const server = () => MailServices.accounts.accounts.map(a => a.incomingServer).find(s => s.type == "imap");
const allFolders = () => server().rootFolder.descendants;
const pathOf = folder => folder.QueryInterface(Ci.nsIMsgImapMailFolder).onlineName;
const folderAt = path => allFolders().find(folder => pathOf(folder) == path);
const heads = folder => [...folder.msgDatabase.enumerateMessages()];
const some = (folder, ids) => heads(folder).filter(head => ids.includes(head.messageId));
const ended = run => new Promise((resolve, reject) => run({
    OnStartRunningUrl() {},
    OnStopRunningUrl(_, status) { Components.isSuccessCode(status) ? resolve() : reject(new Error("status " + status)); },
    onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
    onStopCopy(status) { Components.isSuccessCode(status) ? resolve() : reject(new Error("status " + status)); },
    QueryInterface: ChromeUtils.generateQI(["nsIUrlListener", "nsIMsgCopyServiceListener"]),
}));
"""

SET_UP = """
const from = name => ChromeUtils.importESModule(`resource:///modules/accountcreation/${name}.sys.mjs`)[name];
const [name, address, password] = given, stop = new AbortController().signal;
const { value: config } =
    await from("FindConfig").parallelAutoDiscovery(address.split("@")[1], address, stop, password).next();
if (!config) throw new Error("no settings found");
from("AccountConfig").replaceVariables(config, name, address, password);
config.rememberPassword = true;
await new (from("ConfigVerifier"))(window.msgWindow, stop).verifyConfig(config, false);
const account = await from("CreateInBackend").createAccountInBackend(config);
account.incomingServer.getNewMessages(account.incomingServer.rootFolder, window.msgWindow, null);
return [config.subSource, ...[config.incoming, config.outgoing].map(
    ({ type, hostname, port, username, socketType }) => [type, hostname, port, username, socketType])];
"""

SEARCH = """
const folder = folderAt(given[0]), found = [];
const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder);
const term = session.createTerm(), value = term.value;
term.attrib = value.attrib = Ci.nsMsgSearchAttrib.Subject;
value.str = given[1];
term.value = value;
term.op = Ci.nsMsgSearchOp.Contains;
session.appendTerm(term);
await new Promise((resolve, reject) => {
    session.registerListener({
        onNewSearch() {},
        onSearchHit(head) { found.push(head.messageId); },
        onSearchDone(status) { Components.isSuccessCode(status) ? resolve() : reject(new Error("status " + status)); },
    });
    session.search(window.msgWindow);
});
return found;
"""


class Refused(AssertionError):
    """A script that failed there."""


class Marionette:
    """Its wire: LENGTH:[0, number, command, parameters] and [1, number, error, result]."""

    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", PORT), PATIENCE_S)
        self.unread, self.numbers = b"", itertools.count(1)
        self.heard()

    def heard(self):
        while b":" not in self.unread:
            self.more()
        length, _, self.unread = self.unread.partition(b":")
        while len(self.unread) < int(length):
            self.more()
        words, self.unread = self.unread[:int(length)], self.unread[int(length):]
        return json.loads(words)

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise Refused("Thunderbird hung up")
        self.unread += got

    def ask(self, command, **parameters):
        words = json.dumps([0, next(self.numbers), command, parameters]).encode()
        self.socket.sendall(str(len(words)).encode() + b":" + words)
        _, _, error, result = self.heard()
        if error:
            raise Refused(f"{error['error']}: {error['message']}")
        return result


class Thunderbird:
    """One program with one profile.  Its certificates and names are the laboratory's, all else is as shipped."""

    def __init__(self, folder, ca):
        self.root = Root.over("thunderbird", folder)
        shutil.copyfile(ca.pem, self.root.lab / "ca.pem")
        policies = self.root / "usr/lib/thunderbird/distribution"
        policies.mkdir(exist_ok=True)
        (policies / "policies.json").write_text(json.dumps({"policies": {"Certificates": {"Install": ["/lab/ca.pem"]}}}))
        profile = self.root / PROFILE
        profile.mkdir()
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in SETTINGS.items()))
        self.process = self.wire = None

    # its life

    def start(self):
        self.process = self.root.begin(
            "thunderbird", "/usr/lib/thunderbird/thunderbird", "--headless", "--marionette", "--remote-allow-system-access",
            "--no-remote", "--profile", PROFILE, env={"HOME": "/lab", "LANG": "C.UTF-8", "DISPLAY": ""})
        until(self.listens, "Thunderbird listening", PATIENCE_S)
        self.wire = Marionette()
        self.wire.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"timeouts": {"script": PATIENCE_S * 1000}}})
        self.wire.ask("Marionette:SetContext", value="chrome")
        until(lambda: self.run("return !!window.document.getElementById('tabmail')?.currentAbout3Pane"), "its window", PATIENCE_S)
        return self

    def listens(self):
        assert self.process.runs(), self.process.words()[-3000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", PORT)) == 0

    def kill(self):
        if self.process:
            self.process.kill()

    # what it does

    def run(self, script, *arguments):
        """The body of an asynchronous function in its main window, which finds them in `given`; gives what that returns."""
        return self.wire.ask("WebDriver:ExecuteScript", args=list(arguments), sandbox="system", script=(
            f"{PRELUDE} const given = [...arguments]; return (async () => {{ {script} }})();"))["value"]

    def set_up(self, name, address, password):
        """What its account hub does with name, address and password; gives where it found the settings, and which."""
        return self.run(SET_UP, name, address, password)

    def open(self, folder):
        """As a click on it in the pane of folders."""
        self.run("window.document.getElementById('tabmail').currentAbout3Pane.displayFolder(folderAt(given[0]).URI)", folder)

    def shown(self):
        """How many lines the list of mails has, which is all that the eye sees."""
        return self.run("return window.document.getElementById('tabmail').currentAbout3Pane.gDBView?.rowCount ?? 0")

    def wait_until_shown(self, count):
        until(lambda: self.shown() == count, f"{count} mails in the list of Thunderbird", PATIENCE_S)

    def folders(self):
        return self.run("return allFolders().filter(folder => !folder.noSelect).map(pathOf)")

    def look(self, folder):
        """As "get messages" does; ends when the server has told all."""
        self.run("await ended(o => folderAt(given[0]).QueryInterface(Ci.nsIMsgImapMailFolder)"
                 ".updateFolderWithListener(window.msgWindow, o))", folder)

    def mails(self, folder):
        """[Message-ID, read, flagged, answered] of each."""
        return self.run("return heads(folderAt(given[0])).map(head => [head.messageId, head.isRead, head.isFlagged,"
                        " !!(head.flags & Ci.nsMsgMessageFlags.Replied)])", folder)

    # commands on mails of a folder, chosen by their Message-IDs

    def mark(self, folder, ids, read=None, flagged=None, answered=False):
        self.run("""
            const folder = folderAt(given[0]), chosen = some(folder, given[1]);
            if (given[2] !== null) folder.markMessagesRead(chosen, given[2]);
            if (given[3] !== null) folder.markMessagesFlagged(chosen, given[3]);
            if (given[4]) chosen.forEach(head =>
                folder.addMessageDispositionState(head, Ci.nsIMsgFolder.nsMsgDispositionState_Replied));
            """, folder, ids, read, flagged, answered)

    def take(self, folder, ids, to, move):
        self.run("const from = folderAt(given[0]); await ended(o => MailServices.copy.copyMessages("
                 "from, some(from, given[1]), folderAt(given[2]), given[3], o, window.msgWindow, true))",
                 folder, ids, to, move)

    def delete(self, folder, ids):
        """The key: into Trash."""
        self.run("const folder = folderAt(given[0]); await ended(o => "
                 "folder.deleteMessages(some(folder, given[1]), window.msgWindow, false, false, o, true))", folder, ids)

    def search(self, folder, subject):
        """Asks the server; gives Message-IDs."""
        return self.run(SEARCH, folder, subject)
