/**
 * Words and phrases that guessing starts with, in lower case. Longer variants ("password123!") are
 * covered by comparing without leading and trailing signs; those shorter than the least length
 * matter here only as such a core.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  password passwort passw0rd p@ssw0rd p@ssword motdepasse contrasena kennwort wachtwoord
  passwordpassword mypassword yourpassword newpassword changeme changemenow letmein letmeinnow
  welcome welcometo willkommen bienvenue admin administrator adminadmin root rootroot superuser
  qwerty qwertyuiop qwertyuiopasdf qwertz qwertzuiop azerty azertyuiop asdf asdfgh asdfghjkl
  zxcvbnm zxcvbn qazwsx qazwsxedc qwer qwert qweasd qweasdzxc asdfasdf qwerqwer abcd abcdef
  abcdefgh abcdefghij abcdefghijkl abcabcabc iloveyou iloveyousomuch loveyou lovelove princess
  sunshine football fussball baseball basketball monkey dragon shadow master superman batman
  spiderman trustno trustnoone michael jennifer jessica charlie thomas jordan hunter killer
  starwars pokemon minecraft computer internet samsung google facebook instagram whatsapp
  freedom flower summer sommer winter spring autumn chocolate cookie banana cheese butterfly
  whatever nothing secret secrets geheim topsecret access test testing testtest testpassword
  guest default login hello hellohello helloworld hallo hallohallo schatz schatzi liebling
  manchester liverpool arsenal chelsea barcelona realmadrid bayern dortmund juventus ferrari
  mercedes porsche yankees cowboys steelers lakers blink soccer hockey golfer tennis pepper ginger
  buster bailey maggie daisy harley ranger jasmine ashley nicole daniel matthew andrew joshua
  anthony william alexander christopher elizabeth victoria samantha amanda melissa michelle
  correcthorsebatterystaple incorrect passphrase mysecretpassword thisisapassword
  thisismypassword onlinepassword shoppassword shopping vitrine vitrinevitrine demo demodemo
  `
    .trim()
    .split(/\s+/),
);
