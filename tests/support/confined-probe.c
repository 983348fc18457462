/* What a process may do: prints its effective uid, then for each socket family given the errno of socket(2), 0 for none. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  printf("euid %d\n", (int)geteuid());
  for (int i = 1; i < argc; i++) {
    int fd = socket(atoi(argv[i]), SOCK_STREAM, 0);
    printf("family %s %d\n", argv[i], fd < 0 ? errno : 0);
    if (fd >= 0) close(fd);
  }
  return 0;
}
