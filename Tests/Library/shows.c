/*
 * Whether a screenshot shows a picture:
 *
 *     shows SCREENSHOT.png X Y [limited] <PICTURE.ppm     with its left upper corner at a pixel, mostly unchanged
 *     shows SCREENSHOT.png text X Y WIDTH HEIGHT          or whether something is written there
 *
 * By `limited` the picture is what a compositor makes of luma and chroma of a JPEG file that takes them for
 * those of video, as most do who are told nothing else.
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *screenshot;
static int width, height;

static double clamped(double value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

static void limit(unsigned char *pixel) {
  double r = pixel[0], g = pixel[1], b = pixel[2];
  double y = 0.299 * r + 0.587 * g + 0.114 * b, cb = (b - y) / 1.772, cr = (r - y) / 1.402;
  y = 1.164384 * (y - 16);
  pixel[0] = (unsigned char)clamped(y + 1.596027 * cr + 0.5);
  pixel[1] = (unsigned char)clamped(y - 0.391762 * cb - 0.812968 * cr + 0.5);
  pixel[2] = (unsigned char)clamped(y + 2.017232 * cb + 0.5);
}

static int shows(int x, int y, int is_limited) {
  int columns, rows;
  if (scanf("P6 %d %d 255", &columns, &rows) != 2 || getchar() == EOF) return fprintf(stderr, "no PPM\n");
  if (x < 0 || x + columns > width) return fprintf(stderr, "%d columns from %d of %d\n", columns, x, width);
  unsigned char *row = malloc((size_t)columns * 3);
  double off = 0, count = 0;
  for (int r = 0; r < rows; r++) {
    if (fread(row, 3, (size_t)columns, stdin) != (size_t)columns) return fprintf(stderr, "short PPM\n");
    if (y + r < 0 || y + r >= height) continue; /* scrolled away */
    for (int c = 0; c < columns; c++) {
      if (is_limited) limit(row + c * 3);
      for (int i = 0; i < 3; i++)
        off += abs(row[c * 3 + i] - screenshot[((y + r) * width + x + c) * 3 + i]), count++;
    }
  }
  free(row);
  printf("%.2f of 255 off\n", count ? off / count : 255);
  return !(count && off / count <= 2);
}

static int is_written(int x, int y, int columns, int rows) {
  double low = 255, high = 0;
  for (int r = y; r < y + rows && r < height; r++)
    for (int c = x; c < x + columns && c < width; c++) {
      double green = screenshot[(r * width + c) * 3 + 1];
      low = green < low ? green : low, high = green > high ? green : high;
    }
  return !(high - low > 128);
}

int main(int count, char **arguments) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  if (count < 4 || !png_image_begin_read_from_file(&image, arguments[1])) return 2;
  image.format = PNG_FORMAT_RGB;
  width = (int)image.width, height = (int)image.height;
  screenshot = malloc(PNG_IMAGE_SIZE(image));
  if (!png_image_finish_read(&image, NULL, screenshot, 0, NULL)) return 2;
  int answer = !strcmp(arguments[2], "text") && count == 7
                   ? is_written(atoi(arguments[3]), atoi(arguments[4]), atoi(arguments[5]), atoi(arguments[6]))
                   : shows(atoi(arguments[2]), atoi(arguments[3]), count > 4);
  free(screenshot);
  return answer != 0;
}
