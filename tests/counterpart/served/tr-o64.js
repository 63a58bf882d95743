// tr-O64, the client of ioBroker, against the program, which it takes for a FRITZ!Box.
//
// Usage: tr-o64.js PORT
//
// Prints "> WHAT<tab>EXPECTED<tab>SEEN" for everything it looks at. The password is in the environment: ADMIN.
"use strict";

const { TR064 } = require("tr-O64");

const KIND = "urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1";
const DEVICE = "urn:dslforum-org:service:DeviceInfo:1";

const told = (what, expected, seen) => process.stdout.write(`> ${what}\t${expected}\t${seen}\n`);
// It says much by itself, on the same channel.
console.log = () => {};

// An action of a service as a promise.
const call = (device, kind, action, values) =>
  new Promise((resolve) => device.services[kind].actions[action](values ?? [], (error, result) => resolve({ error, result })));

const opened = (port) =>
  new Promise((resolve, reject) => new TR064().initTR064Device("127.0.0.1", port, (error, device) => (error ? reject(error) : resolve(device))));

const secured = (device) =>
  new Promise((resolve, reject) => device.startEncryptedCommunication((error, secure) => (error ? reject(error) : resolve(secure))));

const read = async (device, way) => {
  const { error, result } = await call(device, KIND, "GetDDNSInfo");
  told(`${way}: GetDDNSInfo`, "null home.example.de ddns_v4", `${error} ${result?.NewDomain} ${result?.NewMode}`);
};

const main = async () => {
  const device = await opened(process.argv[2]);
  told("it is ready", "function", typeof device.services[KIND].actions.SetDDNSConfig);
  const refused = await call(device, KIND, "GetDDNSInfo");
  told("without a login it gets 401", 401, refused.error?.code);
  device.login("admin", process.env.ADMIN);
  await read(device, "plain");
  const secure = await secured(device);
  secure.login("admin", process.env.ADMIN);
  await read(secure, "over TLS");
  await read(secure, "with the next nonce");
  const info = await call(secure, DEVICE, "GetInfo");
  told("DeviceInfo", "wanbeacon", info.result?.NewModelName);
  const set = await call(secure, KIND, "SetDDNSConfig", {
    NewEnabled: 1,
    NewProviderName: "Benutzerdefiniert",
    NewUpdateURL: "http://127.0.0.1:8000/update?ip=&lt;ipaddr&gt;", // it escapes nothing by itself
    NewDomain: "js.example.de",
    NewUsername: "u",
    NewMode: "ddns_v4",
    NewServerIPv4: "",
    NewServerIPv6: "",
    NewPassword: "p",
  });
  told("SetDDNSConfig", null, set.error);
  const after = await call(secure, KIND, "GetDDNSInfo");
  told("and what was set is read back", "js.example.de", after.result?.NewDomain);
  secure.login("admin", "wrong");
  secure._auth.auth = null; // it keeps what it worked out for the old password
  const wrong = await call(secure, KIND, "GetDDNSInfo");
  told("a wrong password", "Device responded with fault Error: Credentials incorrect", wrong.error?.message);
};

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error}\n`);
    process.exit(1);
  },
);
