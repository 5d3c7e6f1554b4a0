/* controller_keys.h - `musterd make-keys DIR`: the controller's CURVE and signing key. The root key
 * that vouches for the latter is made elsewhere (`muster key make-root`). */
#pragma once

/* 'argv' starts at "make-keys". Returns the exit code. */
int controller_keys_main(int argc, char **argv);
