/* Starts the program with the Python that lies beside this file; nothing of the machine's own Python is used.
 *
 * Built twice: aftercheck.exe (no console) and aftercheckc.exe (console: joining by command line, checks).
 * Without arguments of Python's own it runs the boot script; processes the program starts for its ports and reports
 * pass "-c" or "-m" on unchanged. Ends with 72 when the runtime beside it cannot be loaded.
 */
#include <windows.h>
#include <stdlib.h>
#include <wchar.h>

typedef int (*python_main)(int, wchar_t **);

static int run(int argc, wchar_t **argv) {
    wchar_t path[4096];
    DWORD length = GetModuleFileNameW(NULL, path, 4096);
    if (length == 0 || length >= 4000) return 72;
    wchar_t *end = wcsrchr(path, L'\\');
    if (end == NULL) return 72;
    wcscpy(end + 1, L"python311.dll");
    HMODULE runtime = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (runtime == NULL) return 72;
    python_main start = (python_main)(void *)GetProcAddress(runtime, "Py_Main");
    if (start == NULL) return 72;
    if (argc > 1 && argv[1][0] == L'-' && argv[1][1] != L'-') return start(argc, argv);
    wchar_t **told = calloc((size_t)argc + 3, sizeof(wchar_t *));
    if (told == NULL) return 72;
    told[0] = argv[0];
    told[1] = L"-m";
    told[2] = L"aftercheck_boot";
    for (int i = 1; i < argc; i++) told[i + 2] = argv[i];
    return start(argc + 2, told);
}

#ifdef WITH_CONSOLE
int wmain(int argc, wchar_t **argv) { return run(argc, argv); }
#else
int WINAPI wWinMain(HINSTANCE a, HINSTANCE b, PWSTR c, int d) {
    (void)a; (void)b; (void)c; (void)d;
    return run(__argc, __wargv);
}
#endif
