/*
 * Makes every sync of a process as slow as a file says, in milliseconds, as a bad disk does.
 * The file is named by FAULTS_FSYNC_MS and is read at each sync, so it can change meanwhile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void wait_as_told(void)
{
    const char *name = getenv("FAULTS_FSYNC_MS");
    FILE *file = name ? fopen(name, "r") : NULL;
    long ms = 0;
    struct timespec left;

    if (!file)
        return;
    if (fscanf(file, "%ld", &ms) != 1)
        ms = 0;
    fclose(file);
    left.tv_sec = ms / 1000;
    left.tv_nsec = ms % 1000 * 1000000;
    if (ms > 0)
        nanosleep(&left, NULL);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_as_told();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_as_told();
    return real(fd);
}
