/* Sends every datagram back to where it came from. Usage: udp-echo PORT */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
  char data[2048];
  struct sockaddr_in peer, own = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 7)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0) return 1;
  for (;;) {
    socklen_t length = sizeof peer;
    ssize_t count = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&peer, &length);
    if (count < 0) return 1;
    sendto(fd, data, count, 0, (struct sockaddr *)&peer, length);
  }
}
