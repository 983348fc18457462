import { gunzipSync } from 'node:zlib';
import type { DockerfileCase } from './outcome.ts';

const from = 'FROM mirror/busybox\n';
const files = {
  a: 'A',
  'b.txt': 'B',
  'dir/one': '1',
  'dir/sub/two': '2',
  'dir/link': { link: 'one' },
  'x.sh': { content: '#!', mode: 0o755 },
  '.hidden': 'h',
};

/** The checklist's section on instructions and their flags. */
export const instructionCases: Readonly<Record<string, DockerfileCase | string>> = {
  'FROM a platform': 'FROM --platform=linux/amd64 mirror/busybox\n',
  'FROM a platform that is empty': 'FROM --platform= mirror/busybox\n',
  'FROM a platform of an undefined argument': 'FROM --platform=$NOPE mirror/busybox\n',
  'FROM the target platform': 'FROM --platform=$TARGETPLATFORM mirror/busybox\n',
  'FROM AS in small letters': 'FROM mirror/busybox as a\n',
  'RUN mounts of a stage': `FROM mirror/busybox AS s\nRUN mkdir /d && echo d > /d/f\n${from}RUN --mount=from=s,source=/d,target=/m cat /m/f > /x; touch /m/no 2>> /x || true\n`,
  'RUN mounts of the context': {
    dockerfile: `${from}RUN --mount=target=/m ls /m > /x\nRUN --mount=type=bind,src=dir,dst=m,rw ls m > /y && echo z > m/z\n`,
    files,
  },
  'RUN mounts what is missing': { dockerfile: `${from}RUN --mount=source=nope,target=/m true\n`, files },
  'RUN mounts with a variable as target': `${from}ARG T=/t\nRUN --mount=type=tmpfs,target=$T mount | grep -c " $T " > /x\n`,
  'RUN mount of an unknown type': `${from}RUN --mount=type=nope,target=/x true\n`,
  'RUN mount with an unknown key': `${from}RUN --mount=type=cache,target=/x,nope=1 true\n`,
  'RUN mount with keys of another type': `${from}RUN --mount=type=tmpfs,target=/x,id=a true\n`,
  'RUN tmpfs with a size': `${from}RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -1 | awk '{print $2}' > /x\n`,
  'RUN cache with mode and owner': `${from}RUN --mount=type=cache,target=/c,mode=0700,uid=5,gid=6,id=m1 stat -c '%a %u %g' /c > /x\n`,
  'RUN cache over a file system of a stage': `FROM mirror/busybox AS s\nRUN mkdir -p /q/r && echo s > /q/r/f\n${from}RUN --mount=type=cache,target=/c,id=m2,from=s,source=/q/r cat /c/f > /x\n`,
  'RUN cache read only': `${from}RUN --mount=type=cache,target=/c,ro,id=m3 touch /c/x 2> /x || true\n`,
  'RUN a secret that is not there': `${from}RUN --mount=type=secret,id=s ls /run/secrets > /x 2>&1 || true\n`,
  'RUN a secret that must be there': `${from}RUN --mount=type=secret,id=s,required true\n`,
  'RUN a secret without id': `${from}RUN --mount=type=secret true\n`,
  'RUN a secret as file and variable': {
    dockerfile: `${from}RUN --mount=type=secret,id=t stat -c '%a %u %g %s' /run/secrets/t > /x\nRUN --mount=type=secret,id=t,target=/s/t,mode=0444,uid=7,gid=8 stat -c '%a %u %g' /s/t > /y\nRUN --mount=type=secret,id=t,env=T test "$T" = hush && ls /run/secrets > /z 2>&1 || true\n`,
    files: { '../token': 'hush' },
    args: ['--secret', 'id=t,src=token'],
  },
  'RUN what it leaves of mount points': `${from}RUN --mount=type=tmpfs,target=/deep/er/m --mount=type=cache,target=/c/m,id=m4 true\n`,
  'RUN without a network': `${from}RUN --network=none ip -o link | wc -l > /x\n`,
  'RUN: the environment': `${from}ENV A=b\nRUN env | grep -v HOSTNAME | sort > /x; hostname >> /x; id >> /x; pwd >> /x; umask >> /x\n`,
  'RUN: hosts and resolver': `${from}RUN grep -c localhost /etc/hosts > /x; stat -c %F /etc/resolv.conf >> /x\n`,
  'RUN as a user with a home': `${from}RUN echo 'u:x:11:12::/home/u:/bin/sh' >> /etc/passwd && echo 'g:x:13:u' >> /etc/group && mkdir -p /home/u && chmod 777 /home/u\nUSER u\nRUN id > /home/u/x; echo $HOME >> /home/u/x\nWORKDIR w\nRUN pwd >> /home/u/x; stat -c '%u %g' . >> /home/u/x\n`,
  'RUN that fails': `${from}RUN echo before\nRUN exit 5\nRUN true\n`,
  'RUN that fails in a heredoc': `${from}RUN <<EOF\nset -e\nfalse\nEOF\n`,
  'RUN that is killed': `${from}RUN kill -9 $$\n`,
  'RUN that changes nothing': `${from}RUN true\n`,
  'COPY a file, a directory, many': {
    dockerfile: `${from}COPY a /f1\nCOPY a /d1/\nCOPY dir /d2\nCOPY dir /d3/\nCOPY a b.txt dir /d4/\nCOPY . /all\n`,
    files,
  },
  'COPY a file upon a directory': { dockerfile: `${from}COPY a /tmp\nCOPY dir/sub /bin/../tmp/s\n`, files },
  'COPY a directory upon a file': { dockerfile: `${from}COPY a /f\nCOPY dir /f\n`, files },
  'COPY by patterns': {
    dockerfile: `${from}COPY *.txt /t/\nCOPY d?r/o* /u/\nCOPY [ab]* /v/\nCOPY dir/* /w/\nCOPY nope* a /y/\n`,
    files,
  },
  'COPY many without a slash': { dockerfile: `${from}COPY a b.txt /y\n`, files },
  'COPY a pattern without a slash': { dockerfile: `${from}COPY *.txt /y\n`, files },
  'COPY outside the context': {
    dockerfile: `${from}COPY ../a /x\nCOPY /../../a /y\nCOPY dir/../../../b.txt /z\n`,
    files,
  },
  'COPY through a link': {
    dockerfile: `${from}COPY dir/link /x\nCOPY l/one /y\nCOPY l /z\n`,
    files: { ...files, l: { link: 'dir' } },
  },
  'COPY what is missing': { dockerfile: `${from}COPY nope /x\n`, files },
  'COPY to a relative place': {
    dockerfile: `${from}WORKDIR /w/v\nCOPY a .\nCOPY a b/c\nCOPY dir ./\nCOPY a ../up\n`,
    files,
  },
  'COPY with owners': {
    dockerfile: `${from}RUN echo 'u:x:11:12::/:' >> /etc/passwd && echo 'g:x:13:' >> /etc/group\nCOPY --chown=u a /o1\nCOPY --chown=u:g a /o2\nCOPY --chown=5 a /o3\nCOPY --chown=5:6 dir /o4\nCOPY --chown=u:7 a /deep/o5\nCOPY --chown=:g a /o6\n`,
    files,
  },
  'COPY with modes': {
    dockerfile: `${from}COPY --chmod=600 dir /m1\nCOPY --chmod=u=rwX,go=rX dir /m2\nCOPY --chmod=a+x a /m3\nCOPY --chmod=4755 a /m4\nCOPY --chmod=0640 a /m5/\nARG M=u+w\nCOPY --chmod=$M a /m6\n`,
    files,
  },
  'COPY with a mode too large': { dockerfile: `${from}COPY --chmod=77777 a /x\n`, files },
  'COPY --link=maybe': { dockerfile: `${from}COPY --link=maybe a /x\n`, files },
  'COPY --exclude': {
    dockerfile: `${from}COPY --exclude=*.txt --exclude=dir/sub . /e/\nCOPY --exclude=sub dir /f/\nCOPY --exclude=**/two . /g/\nCOPY --exclude=* --exclude=!a . /h/\n`,
    files,
  },
  'COPY --from a stage by name, number and image': `FROM mirror/busybox AS One\nRUN echo 1 > /one\nFROM scratch\nCOPY --from=one /one /a\nCOPY --from=0 one /b\nCOPY --from=mirror/busybox /etc/group /c\n`,
  'COPY --from a directory with a link out': `FROM mirror/busybox AS one\nRUN mkdir /d && ln -s /etc/group /d/l && ln -s .. /d/up\nFROM scratch\nCOPY --from=one /d/l /x\nCOPY --from=one /d /y\nCOPY --from=one /d/up/etc/group /z\n`,
  'COPY --from keeps owners, modes and times of files': `FROM mirror/busybox AS one\nRUN mkdir /d && echo x > /d/f && chown -R 5:6 /d && chmod 4711 /d/f && chmod 1777 /d && ln /d/f /d/h && mkfifo /d/p\nFROM scratch\nCOPY --from=one /d /d\nCOPY --from=one /d/f /e\n`,
  'COPY through links of the image': {
    dockerfile: `${from}RUN mkdir /real && ln -s real /l1 && ln -s /real /l2 && ln -s ../../../real /l3 && ln -s /dangling/x /l4\nCOPY a /l1/\nCOPY a /l2/b\nCOPY dir /l3\nCOPY a /l4\nCOPY dir /l4\n`,
    files,
  },
  'ADD what looks like an archive': {
    dockerfile: `${from}ADD x.tar /u/\nADD y.tar.gz /v/\n`,
    files: { 'x.tar': 'none', 'y.tar.gz': Buffer.from('1f8b080000000000000303000000000000000000', 'hex') },
  },
  'ADD archives': {
    dockerfile: `${from}ADD t.tar /u1\nADD t.tar.gz /u2/\nADD odd.name /u3/\nADD a /u4/\nADD --unpack=false t.tar /u5/\nCOPY t.tar /u6/\nADD --chown=8:9 t.tar /u7/\n`,
    files: { ...files, ...archives() },
  },
  'ENV in both forms': `${from}ENV A b c   d\nENV E "f g"\nENV H=i\nENV A=\n`,
  'ENV with a wrong word': `${from}ENV A=b c\n`,
  'ENV with one word': `${from}ENV A\n`,
  'ENV over lines': `${from}ENV A=b \\\n  C=d \\\n  E="f \\\n g"\n`,
  'LABEL in its forms': `${from}LABEL a=b "c d"="e f" g='h i' \\\n  j=k\nLABEL a=z l=\nLABEL m n\n`,
  MAINTAINER: `${from}MAINTAINER A B <a@b>\n`,
  'EXPOSE in its forms': `${from}EXPOSE 80 443/tcp 53/UDP 100-102 7/sctp 9000-9001/udp\n`,
  'EXPOSE of nonsense': `${from}EXPOSE x\n`,
  'EXPOSE with a host port': `${from}EXPOSE 80:80\n`,
  'EXPOSE of an unknown protocol': `${from}EXPOSE 80/foo\n`,
  'VOLUME keeps what comes later': `${from}RUN mkdir /v && echo 1 > /v/a\nVOLUME /v /w\nRUN echo 2 > /v/b\n`,
  'USER in its forms': `${from}USER 1\nUSER u:g\nUSER 3:4\n`,
  'WORKDIR relative without one before': `${from}WORKDIR a\n`,
  'WORKDIR as a user': `${from}USER 5:6\nWORKDIR /home/x\n`,
  'WORKDIR upon a file': { dockerfile: `${from}COPY a /f\nWORKDIR /f\n`, files },
  'STOPSIGNAL in its forms': `${from}STOPSIGNAL 9\nSTOPSIGNAL SIGRTMIN+3\n`,
  'STOPSIGNAL of nonsense': `${from}STOPSIGNAL nope\n`,
  'HEALTHCHECK in its forms': `${from}HEALTHCHECK --interval=5m --timeout=3s --start-period=1s --start-interval=2s --retries=3 CMD curl x\n`,
  'HEALTHCHECK NONE': `${from}HEALTHCHECK CMD ["a", "b"]\nHEALTHCHECK NONE\n`,
  'HEALTHCHECK twice': `${from}HEALTHCHECK CMD a\nHEALTHCHECK CMD b\n`,
  'ONBUILD in a stage below': {
    dockerfile: `FROM mirror/busybox AS b\nONBUILD RUN echo t > /t\nONBUILD ENV A=b\nONBUILD COPY a /a\nFROM b\nENV C=$A\n`,
    files,
  },
  'ONBUILD is kept': `${from}ONBUILD RUN echo "x y"\nONBUILD COPY --from=nope a b\n`,
  'ONBUILD of nonsense': `${from}ONBUILD FOO x\n`,
  'ignore: patterns': {
    dockerfile: `${from}COPY . /all\n`,
    files: {
      ...files,
      '.dockerignore': '\ufeff# comment\n*.txt\n/dir/sub\n!dir/sub/two\n  x.sh  \n\n**/.hidden\n',
      'd/e/.hidden': '',
      'd/x.sh': '',
    },
  },
  'ignore: of the Dockerfile wins': {
    dockerfile: `${from}COPY . /all\n`,
    files: { ...files, '.dockerignore': 'a\n', 'Dockerfile.dockerignore': 'b.txt\n' },
  },
  'ignore: the Dockerfile itself': {
    dockerfile: `${from}COPY . /all\n`,
    files: { ...files, '.dockerignore': 'Dockerfile\n.dockerignore\ndir/**\n' },
  },
  'ignore: a file of another name': {
    dockerfile: 'nonsense\n',
    files: { ...files, 'other.df': `${from}COPY . /all\n`, 'other.df.dockerignore': '*\n!a\n' },
    args: ['-f', 'context/other.df'],
  },
  'checks: words':
    `${from}CMD echo x\nENTRYPOINT echo y\nCMD a b\nENTRYPOINT c\nHEALTHCHECK CMD a\nHEALTHCHECK CMD b\nWORKDIR rel\nENV SECRET_KEY=x\nARG API_TOKEN=y\nEXPOSE 80/TCP 90:90\n`.replace(
      ' 90:90',
      '',
    ),
  'checks: platforms':
    'ARG P=linux/amd64\nFROM --platform=linux/amd64 mirror/busybox AS a\nFROM --platform=$TARGETPLATFORM mirror/busybox\n',
  'checks: default of an argument in FROM': 'ARG V\nFROM mirror/busybox:$V\n',
  'flags: labels, names, target': {
    dockerfile: `FROM mirror/busybox AS a\nLABEL x=1 y=2\nFROM scratch\n`,
    args: ['--label', 'x=9', '--label', 'z', '--target', 'a'],
  },
  'flags: hosts and network': {
    dockerfile: `${from}RUN grep -c 1.2.3.4 /etc/hosts > /x; grep foo /etc/hosts >> /x\n`,
    args: ['--add-host', 'foo:1.2.3.4', '--add-host', 'six=::1'],
  },
  'flags: size of /dev/shm': {
    dockerfile: `${from}RUN df -k /dev/shm | tail -1 | awk '{print $2}' > /x; ulimit -n >> /x\n`,
    args: ['--shm-size', '33m', '--ulimit', 'nofile=77:99'],
  },
  'flags: a network that is none': {
    dockerfile: `${from}RUN ip -o link | wc -l > /x\n`,
    args: ['--network', 'none'],
  },
  'flags: a named context for a stage': {
    dockerfile: `FROM nope AS x\nFROM x\nENV A=b\n`,
    args: ['--build-context', 'nope=docker-image://mirror/busybox'],
  },
  'flags: a sandbox name': {
    dockerfile: `${from}RUN hostname > /x\n`,
    args: ['--build-arg', 'BUILDKIT_SANDBOX_HOSTNAME=boxed'],
  },
  'flags: SOURCE_DATE_EPOCH': {
    dockerfile: `${from}ARG SOURCE_DATE_EPOCH\nRUN echo x$SOURCE_DATE_EPOCH > /x\n`,
    args: ['--build-arg', 'SOURCE_DATE_EPOCH=7'],
  },
};

/** A tar with a directory, a file and its links; plain, packed, and under a name that says nothing. */
function archives(): Record<string, Buffer> {
  const packed = Buffer.from(
    'H4sIAAAAAAACA+3VTQrCMBCG4TlKbtCk+ZnzCKUoiAuN9zfUFCQLd41g3mfzZTGQxUcmeZnkaLbQaLe01tcMNTf72b3nklcvJkoHz0c+3cuVMqa8TGuP/lPYO44100f/c9t/LOPG0v/hLjfBwMr7v3bZ/6rS7Ppv+19dEDOvvP8O/Z9/v//b/tW7JMb1+JwG7x8AAAAAAAAAAAAA8B9eW98QgwAoAAA=',
    'base64',
  );
  return { 't.tar': gunzipSync(packed), 't.tar.gz': packed, 'odd.name': packed };
}
